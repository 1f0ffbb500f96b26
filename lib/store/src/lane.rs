//! Where a lane lies: `spaces/<space>/tiles/z0/x0/y0/<realm>.<policy>`.

use super::dir::Sort;
use super::{Error, Store};
use ulp_core::id::{Lane, Tile};
use ulp_core::names;

/// One lane of one tile of one space. Ordered as states are: spaces by bytes, tiles by z, x, y, lanes by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneId {
    pub space: String,
    pub tile: Tile,
    pub lane: Lane,
}

impl LaneId {
    /// The lane's directory, as a path below the store.
    pub fn dir(&self) -> String {
        format!("spaces/{}/tiles/{}/{}", names::encode(&self.space), self.tile, self.lane)
    }

    /// The lane's directory in the cache, as a path below the store.
    pub fn cache_dir(&self) -> String {
        format!("cache/{}", self.dir())
    }
}

impl Store {
    /// Every lane that has a directory, whether it holds a manifest or not, in order.
    pub fn lanes(&self) -> Result<Vec<LaneId>, Error> {
        let mut lanes = Vec::new();
        for name in self.directories("spaces")? {
            if let Some(space) = names::decode(&name) {
                self.lanes_of(&space, &mut lanes)?;
            }
        }
        lanes.sort();
        Ok(lanes)
    }

    /// The lanes of one space, in order.
    pub fn lanes_in(&self, space: &str) -> Result<Vec<LaneId>, Error> {
        let mut lanes = Vec::new();
        self.lanes_of(space, &mut lanes)?;
        lanes.sort();
        Ok(lanes)
    }

    fn lanes_of(&self, space: &str, lanes: &mut Vec<LaneId>) -> Result<(), Error> {
        let tiles = format!("spaces/{}/tiles", names::encode(space));
        for z in self.directories(&tiles)? {
            for x in self.directories(&format!("{tiles}/{z}"))? {
                for y in self.directories(&format!("{tiles}/{z}/{x}"))? {
                    let Some(tile) = Tile::parse(&format!("{z}/{x}/{y}")) else { continue };
                    for name in self.directories(&format!("{tiles}/{tile}"))? {
                        let lane = name.parse();
                        lanes.extend(lane.map(|lane| LaneId { space: space.to_owned(), tile, lane }));
                    }
                }
            }
        }
        Ok(())
    }

    /// The directories in a directory; none where that is not there. Names that begin with a dot are dotfiles.
    fn directories(&self, path: &str) -> Result<Vec<String>, Error> {
        let Some(dir) = self.root.at(path)? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for (name, sort) in dir.list()? {
            match sort {
                _ if name.starts_with('.') => {}
                Sort::Directory => found.push(name),
                Sort::Other => return Err(Error::Unsafe(dir.path().join(name))),
                Sort::File => {}
            }
        }
        Ok(found)
    }
}
