//! What the options say, checked: what every record is read and written by.

use ulp_cli::Failure;
use ulp_core::event::Grid;
use ulp_core::hash::Blake3;
use ulp_core::id::Tile;
use ulp_core::scope::Scope;
use ulp_view::geodesy::Plane;

use crate::args::{Args, Format};
use crate::ids::Names;
use crate::objects::Objects;
use crate::place::{Ground, OriginArg};
use crate::table_args::TableArgs;
use crate::time::Times;

pub struct Desk {
    pub format: Format,
    pub times: Times,
    pub names: Names,
    pub space: Option<String>,
    pub layer: Option<String>,
    /// Whose events these are where a record does not say.
    pub actor: String,
    /// Whether `--actor` named that one: a reading's is never made up.
    pub actor_is_given: bool,
    pub kind: Option<String>,
    pub ground: Ground,
    /// Whether `--origin` says where the point (0,0,0) lies.
    pub has_origin: bool,
    /// Whether y is turned up: `--flip`.
    pub flip: bool,
    pub objects: Option<Objects>,
    pub table: TableArgs,
    /// Of the dotfiles, where `--scope` names some.
    pub scope_digest: Option<Blake3>,
    grid: Option<Grid>,
}

impl Desk {
    pub fn of(args: &Args) -> Result<Desk, Failure> {
        let scope = args.scope.as_deref().map_or(Ok(Scope::default()), |dir| {
            Scope::discover(dir).map_err(|error| Failure::of(error.kind(), error))
        })?;
        let by_option = args.zoom.map(|tile_zoom| Grid { tile_size: args.tile_size, tile_zoom });
        Ok(Desk {
            format: args.format,
            times: Times::new(args.zone, args.time_format.clone(), &args.time),
            names: Names::new(&args.prefix),
            space: args.space.clone(),
            layer: args.layer.clone(),
            actor: args.actor.clone().unwrap_or_else(|| format!("import:{}", args.format.name())),
            actor_is_given: args.actor.is_some(),
            kind: args.kind.clone(),
            ground: ground(args)?,
            has_origin: args.origin.is_some(),
            table: table(args)?,
            flip: args.flip,
            objects: args.objects.clone().map(Objects::new),
            scope_digest: scope.digest(),
            grid: by_option.or(scope.defaults().grid),
        })
    }

    /// Whether the origin is to be found before anything is written.
    pub fn is_survey(&self) -> bool {
        matches!(self.ground, Ground::Survey)
    }

    /// Whether tiles are asked for.
    pub fn has_tiles(&self) -> bool {
        self.grid.is_some()
    }

    /// The tile of a point, where tiles are asked for.
    pub fn tile_of(&self, [x, y]: [f64; 2]) -> Option<Tile> {
        self.grid?.tile_of(x, y)
    }
}

fn ground(args: &Args) -> Result<Ground, Failure> {
    match args.origin {
        Some(OriginArg::Auto) => Ok(Ground::Survey),
        Some(OriginArg::At(origin)) => Ok(Ground::Plane(Plane::new(origin))),
        None if args.format.has_degrees() => Err(no_origin()),
        None => Ok(Ground::None),
    }
}

fn table(args: &Args) -> Result<TableArgs, Failure> {
    if args.table.is_given() && args.format != Format::Csv {
        return Err(Failure::usage("--delimiter, --columns, --sensor", "they are of -f csv alone"));
    }
    Ok(args.table.clone())
}

/// Latitudes and longitudes came, and nothing says what they are put onto.
pub fn no_origin() -> Failure {
    Failure::usage(
        "--origin",
        "latitude and longitude need LAT,LON[,H[,GEOID]] of the point (0,0,0), or auto",
    )
}
