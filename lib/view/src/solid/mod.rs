//! A space as solids: what there is to build of its nodes, with which mesh, where it is laid out, and the page that
//! shows it all.
//!
//! A [`scene`] is what is visible; a [`site`] lays it out in units of a drawing, near whose origin floats are fine;
//! [`mesh`] makes the meshes and [`detail`] keeps them within bounds. [`page`] puts all of that into a browser.

pub mod detail;
pub mod everything;
pub mod letters;
pub mod look;
pub mod measure;
pub mod mesh;
pub mod models;
pub mod outline;
pub mod page;
pub mod pictures;
pub mod record;
pub mod scene;
pub mod signs;
pub mod site;
pub mod sizes;
pub mod space;
pub mod stock;
pub mod tangle;
pub mod text;
