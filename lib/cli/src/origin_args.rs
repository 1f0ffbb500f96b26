//! Where the plane lies on the Earth, in the tools that leave it.

use clap::Args;
use ulp_view::geodesy::Origin;

/// What a space without an origin is laid out about.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct OriginArgs {
    /// Lay a space that names no origin out about this place of WGS84, in degrees; H metres above the ellipsoid, and
    /// GEOID metres from there to mean sea level
    #[arg(long, value_name = "LAT,LON[,H[,GEOID]]", allow_hyphen_values = true)]
    pub origin: Option<Origin>,
}
