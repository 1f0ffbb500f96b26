//! The tag files of a bag as they come, in any order: what they say is held against what came before them too.

use super::super::bag;
use super::super::layout::Member;
use foldhash::{HashMap, HashSet};
use ulp_core::hash::Sha256;

/// What is wrong with a file, and why.
pub type Wrong = (Member, &'static str);

const UNNAMED: &str = "manifest-sha256.txt does not name it";
const OTHER_BYTES: &str = "its bytes are not those that manifest-sha256.txt names";

/// What the tag files say so far.
#[derive(Default)]
pub struct Tags {
    /// The hashes of those that came.
    came: HashMap<String, Sha256>,
    /// The hashes that tagmanifest-sha256.txt gives, once it came.
    sums: Option<HashMap<String, Sha256>>,
    info: bag::Info,
    listing: Option<Listing>,
    /// Files of the payload but for objects, with their hashes, that came before the manifest.
    early: HashMap<String, Sha256>,
}

/// What the bag's manifest lists and did not come yet.
#[derive(Default)]
struct Listing {
    objects: HashSet<Sha256>,
    others: HashMap<String, Sha256>,
    /// How many of the others are manifests of lanes.
    lanes: usize,
}

impl Tags {
    /// Takes a tag file in; one that does not hold is told, and what it says does not count. `has_come` answers
    /// whether an object was dealt with before.
    pub fn take(
        &mut self,
        member: &Member,
        text: Option<Vec<u8>>,
        has_come: impl Fn(&Sha256) -> bool,
    ) -> Vec<Wrong> {
        let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
        let hash = text.as_ref().map_or(Sha256([0; 32]), |text| Sha256::of(text.as_bytes()));
        self.came.insert(member.path(), hash);
        let Some(text) = text else { return vec![(member.clone(), "it is cut off, or not text")] };
        let understood = match member {
            Member::Bagit if !text.starts_with("BagIt-Version:") => Err("it names no version of BagIt"),
            Member::Info => self.inform(&text),
            Member::Manifest => self.list(&text, has_come),
            Member::TagManifest => self.sum(&text),
            _ => Ok(Vec::new()),
        };
        let mut wrong = understood.unwrap_or_else(|reason| vec![(member.clone(), reason)]);
        wrong.extend(self.differing(member));
        wrong
    }

    fn inform(&mut self, text: &str) -> Result<Vec<Wrong>, &'static str> {
        self.info = bag::Info::parse(text).ok_or("it cannot be understood")?;
        Ok(Vec::new())
    }

    fn sum(&mut self, text: &str) -> Result<Vec<Wrong>, &'static str> {
        let lines: Option<HashMap<String, Sha256>> = text
            .lines()
            .map(|line| bag::parse_line(line).map(|(hash, path)| (path.to_owned(), hash)))
            .collect();
        self.sums = Some(lines.ok_or("a line in it cannot be understood")?);
        Ok(Vec::new())
    }

    /// The tag files whose bytes are not those that they should be: `member`, or where that says so, any that came.
    fn differing(&mut self, member: &Member) -> Vec<Wrong> {
        let Some(sums) = &self.sums else { return Vec::new() };
        let all = [Member::Bagit, Member::Info, Member::Manifest];
        let looked_at = all.into_iter().filter(|tag| tag == member || *member == Member::TagManifest);
        let differs = |tag: &Member| match (sums.get(&tag.path()), self.came.get(&tag.path())) {
            (Some(said), Some(found)) => said != found,
            _ => false,
        };
        let wrong: Vec<Member> = looked_at.filter(differs).collect();
        for tag in &wrong {
            match tag {
                // A wrong total is no limit.
                Member::Info => self.info = bag::Info::default(),
                Member::Manifest => self.listing = None,
                _ => {}
            }
        }
        let reason = "its bytes are not those that tagmanifest-sha256.txt names";
        wrong.into_iter().map(|tag| (tag, reason)).collect()
    }

    fn list(&mut self, text: &str, has_come: impl Fn(&Sha256) -> bool) -> Result<Vec<Wrong>, &'static str> {
        let mut listing = Listing::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            match bag::parse_line(line).map(|(hash, path)| (hash, path, Member::parse(path))) {
                Some((hash, _, Some(Member::Object(named)))) if hash == named => {
                    if !has_come(&hash) {
                        listing.objects.insert(hash);
                    }
                }
                Some((hash, path, Some(other))) if !matches!(other, Member::Object(_)) => {
                    let is_new = listing.others.insert(path.to_owned(), hash).is_none();
                    listing.lanes += usize::from(is_new && matches!(other, Member::Lane(_)));
                }
                _ => return Err("a line in it cannot be understood"),
            }
        }
        self.listing = Some(listing);
        let mut early: Vec<_> = std::mem::take(&mut self.early).into_iter().collect();
        early.sort_by(|a, b| a.0.cmp(&b.0));
        let of = |(path, hash): (String, Sha256)| Member::parse(&path).map(|member| (member, hash));
        let wrong = early.into_iter().filter_map(of).filter_map(|(member, hash)| {
            let reason = self.strike_other(&member, &hash).err()?;
            Some((member, reason))
        });
        Ok(wrong.collect())
    }

    /// What bag-info.txt says, as far as it is to be believed.
    pub fn info(&self) -> &bag::Info {
        &self.info
    }

    pub fn has_come(&self, member: &Member) -> bool {
        self.came.contains_key(&member.path())
    }

    /// Whether the manifest is known, and every manifest of a lane that it lists came.
    pub fn has_all_lanes(&self) -> bool {
        self.listing.as_ref().is_some_and(|listing| listing.lanes == 0)
    }

    /// A file of the payload that is no object came.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn strike_other(&mut self, member: &Member, hash: &Sha256) -> Result<(), &'static str> {
        let Some(listing) = &mut self.listing else {
            self.early.insert(member.path(), *hash);
            return Ok(());
        };
        let listed = listing.others.remove(&member.path()).ok_or(UNNAMED)?;
        listing.lanes -= usize::from(matches!(member, Member::Lane(_)));
        if listed == *hash { Ok(()) } else { Err(OTHER_BYTES) }
    }

    /// An object is dealt with.
    ///
    /// # Errors
    /// It is not listed.
    pub fn strike(&mut self, hash: &Sha256) -> Result<(), &'static str> {
        let is_unlisted = self.listing.as_mut().is_some_and(|listing| !listing.objects.remove(hash));
        if is_unlisted { Err(UNNAMED) } else { Ok(()) }
    }

    /// What is listed and did not come, by path.
    pub fn missing(&mut self) -> Vec<Member> {
        let Some(listing) = self.listing.take() else { return Vec::new() };
        let objects = listing.objects.into_iter().map(Member::Object);
        let others = listing.others.keys().filter_map(|path| Member::parse(path));
        let mut all: Vec<Member> = objects.chain(others).collect();
        all.sort_by_cached_key(Member::path);
        all
    }
}
