//! The solver: a world is built, stepped to the end of a window, read, and thrown away.

use crate::body::{Body, Moment};
use crate::clock::{TICK_SECONDS, TICKS};
use crate::made::Motion;
use rapier3d_f64::math::{Pose, Rotation, Vector};
use rapier3d_f64::prelude::{
    ColliderBuilder, IntegrationParameters, LockedAxes, PhysicsWorld, RigidBodyBuilder, RigidBodyHandle,
};

/// Who solves: a step of another name is another engine's.
pub const SOLVER: &str = "ulp-physics/1 rapier3d-f64/0.36.1";
const ITERATIONS: usize = 16;
/// From so many bodies on a world is solved on all threads.
const MANY: usize = 1000;

/// What a window came to.
pub struct Ran {
    /// By the number of each body; nothing where it was left out.
    pub moments: Vec<Option<Moment>>,
    /// Bodies that touch at the end, by their numbers.
    pub touching: Vec<(usize, usize)>,
}

/// Where a body stands in the solver.
pub fn pose(moment: &Moment) -> Pose {
    let [x, y, z, w] = moment.rotation;
    Pose::from_parts(Vector::from_array(moment.position), Rotation::from_xyzw(x, y, z, w))
}

/// Runs a window over the bodies that are not left out: the same on one thread or many. Threads that wait for each other
/// at every turn are worth it in large worlds alone.
pub fn run(bodies: &[Body<'_>], gravity: [f64; 3], is_out: &[bool]) -> Ran {
    let alone = || rayon::ThreadPoolBuilder::new().num_threads(1).build().ok();
    match (bodies.len() < MANY).then(alone).flatten() {
        Some(pool) => pool.install(|| solve(bodies, gravity, is_out)),
        None => solve(bodies, gravity, is_out),
    }
}

fn solve(bodies: &[Body<'_>], gravity: [f64; 3], is_out: &[bool]) -> Ran {
    let mut world = PhysicsWorld {
        gravity: Vector::from_array(gravity),
        integration_parameters: IntegrationParameters {
            // No time passes until it is known what touches what.
            dt: 0.0,
            num_solver_iterations: ITERATIONS,
            ..IntegrationParameters::default()
        },
        ..PhysicsWorld::default()
    };
    let handles: Vec<_> = bodies
        .iter()
        .enumerate()
        .map(|(i, body)| (!is_out[i]).then(|| world.insert(rigid(body), collider(i, body)).0))
        .collect();
    world.step();
    world.integration_parameters.dt = TICK_SECONDS;
    for _ in 0..TICKS {
        fall(&mut world, gravity, bodies, &handles);
        world.step();
    }
    let moment = |handle: RigidBodyHandle| {
        let body = &world.bodies[handle];
        Moment {
            position: body.translation().to_array(),
            rotation: body.rotation().to_array(),
            velocity: body.linvel().to_array(),
            spin: body.angvel().to_array(),
        }
    };
    let moments = handles.into_iter().map(|handle| handle.map(moment)).collect();
    Ran { moments, touching: touching(&world) }
}

/// Which pairs of bodies touch, by their numbers.
fn touching(world: &PhysicsWorld) -> Vec<(usize, usize)> {
    let number = |handle| world.colliders.get(handle).map(|c| c.user_data as usize);
    let pairs = world.narrow_phase.contact_pairs().filter(|pair| pair.has_any_active_contact());
    pairs.filter_map(|pair| Some((number(pair.collider1)?, number(pair.collider2)?))).collect()
}

/// Lets gravity act on a tick as a whole where nothing is touched. The solver lets it act on each of its iterations
/// anew, which keeps what touches in place; but what falls freely would be the slower the more of them there are.
fn fall(
    world: &mut PhysicsWorld,
    gravity: [f64; 3],
    bodies: &[Body<'_>],
    handles: &[Option<RigidBodyHandle>],
) {
    let mut touches = vec![false; bodies.len()];
    touching(world).into_iter().for_each(|(a, b)| (touches[a], touches[b]) = (true, true));
    let [x, y, z] = gravity.map(|g| g * TICK_SECONDS);
    for (i, body) in bodies.iter().enumerate() {
        let Some(handle) = handles[i].filter(|_| body.made.motion == Motion::Dynamic) else { continue };
        let rigid = &mut world.bodies[handle];
        if touches[i] {
            rigid.set_gravity_scale(1.0, true);
        } else {
            let kick = Vector::new(x, y, if body.is_flat { 0.0 } else { z });
            rigid.set_gravity_scale(0.0, true);
            rigid.set_linvel(rigid.linvel() + kick, true);
        }
    }
}

fn rigid(body: &Body<'_>) -> RigidBodyBuilder {
    let builder = match body.made.motion {
        Motion::Static => return RigidBodyBuilder::fixed().pose(pose(&body.moment)),
        Motion::Dynamic => RigidBodyBuilder::dynamic(),
        Motion::Kinematic => RigidBodyBuilder::kinematic_velocity_based(),
    };
    let locked =
        LockedAxes::TRANSLATION_LOCKED_Z | LockedAxes::ROTATION_LOCKED_X | LockedAxes::ROTATION_LOCKED_Y;
    builder
        .pose(pose(&body.moment))
        .linvel(Vector::from_array(body.moment.velocity))
        .angvel(Vector::from_array(body.moment.spin))
        .locked_axes(if body.is_flat { locked } else { LockedAxes::empty() })
}

fn collider(number: usize, body: &Body<'_>) -> ColliderBuilder {
    let made = &body.made;
    let collider = ColliderBuilder::new(made.solid.shape.clone())
        .position(made.solid.at)
        .friction(made.friction)
        .restitution(made.restitution)
        .user_data(number as u128);
    // What does not fall has no mass to speak of, and a surface has none at all.
    if made.motion == Motion::Dynamic { collider.mass(made.mass) } else { collider.density(0.0) }
}
