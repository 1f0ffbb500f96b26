//! What the projectors have in common: every format of each, from a stream and from a store.

mod agree;
mod blame;
mod follow;
mod golden;
mod hostile;
mod models;
mod same;
mod stored;
mod tombstones;

/// Every format of every projector, as a command.
pub const FORMATS: [&str; 29] = [
    "projector-2d -f jsonl",
    "projector-2d -f svg",
    "projector-2d -f html",
    "projector-2d -f canvas",
    "projector-2d -f ocif",
    "projector-2d -f png --width 400",
    "projector-3d -f jsonl",
    "projector-3d -f glb",
    "projector-3d -f gltf",
    "projector-3d -f html",
    "projector-audio -f jsonl",
    "projector-audio -f wav --duration 2s",
    "projector-audio -f mid",
    "projector-audio -f vtt",
    "projector-dashboard -f jsonl",
    "projector-dashboard -f html",
    "projector-dashboard -f svg",
    "projector-dashboard -f csv",
    "projector-dashboard -f prom",
    "projector-dashboard -f senml",
    "projector-map -f jsonl --origin 52.6,-2,100,48",
    "projector-map -f geojson --origin 52.6,-2,100,48",
    "projector-map -f kml --origin 52.6,-2,100,48",
    "projector-map -f gpx --origin 52.6,-2,100,48",
    "projector-map -f cot --origin 52.6,-2,100,48",
    "projector-map -f html --origin 52.6,-2,100,48",
    "projector-ar -f jsonl --origin 52.6,-2,100",
    "projector-ar -f svg --origin 52.6,-2,100 --viewer 52.6,-2,140,90,10,0,90 --all",
    "projector-ar -f html --origin 52.6,-2,100",
];

/// What more can be asked of some.
pub const MORE: [&str; 11] = [
    "projector-2d -f jsonl --provenance",
    "projector-2d -f svg --provenance",
    "projector-3d -f jsonl --provenance",
    "projector-3d -f glb --replay",
    "projector-3d -f glb --instancing",
    "projector-audio -f jsonl --speed 86400 --provenance",
    "projector-dashboard -f jsonl --last 24h --provenance",
    "projector-map -f jsonl --origin 52.6,-2 --provenance",
    "projector-map -f jsonl --origin 52.6,-2 --replay",
    "projector-map -f gpx --origin 52.6,-2 --replay",
    "projector-ar -f jsonl --origin 52.6,-2 --viewer 52.6,-2,140,90,10,0,90 --all --provenance",
];
