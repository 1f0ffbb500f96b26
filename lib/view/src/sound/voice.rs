//! Voices: what a sound is made of, how long it lasts, and what people call it.

/// The loudness of one note at full velocity, before all is brought to one level.
pub const LOUDEST: f64 = 0.25;
/// A struck note fades out over its last seconds; a held one over more.
pub const RELEASE: f64 = 0.03;
pub const DRONE_RELEASE: f64 = 0.6;
/// A held tone bends and swells to where it is going in so many seconds.
pub const BEND: f64 = 0.12;

/// A voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Voice {
    /// A plucked tongue of metal.
    Pluck,
    /// A small glass bell.
    Chime,
    /// A soft tone that slides into its pitch.
    Glide,
    /// A bowed string.
    String,
    /// A tone that sinks.
    Fall,
    /// A deep gong.
    Gong,
    /// A church bell.
    Bell,
    /// A drop of water.
    Drop,
    /// A tone that is held and bends.
    Drone,
    /// An audio blob.
    Clip,
}

/// One sine of a voice.
#[derive(Clone, Copy, Debug)]
pub struct Partial {
    /// Its frequency, as a multiple of the tone's.
    pub ratio: f64,
    pub level: f64,
    /// Seconds in which it sinks to 1/e.
    pub decay: f64,
}

const fn partial(ratio: f64, level: f64, decay: f64) -> Partial {
    Partial { ratio, level, decay }
}

/// How much of its upper sines a held tone has whose sensor stands so high in its range.
pub fn bright(level: f64) -> f64 {
    0.8 + 0.2 * level
}

impl Voice {
    /// Those that strike a note and let it ring.
    pub const STRUCK: [Voice; 8] = [
        Voice::Pluck,
        Voice::Chime,
        Voice::Glide,
        Voice::String,
        Voice::Fall,
        Voice::Gong,
        Voice::Bell,
        Voice::Drop,
    ];

    /// Its name in the score and in a mapping.
    pub fn name(self) -> &'static str {
        match self {
            Voice::Pluck => "pluck",
            Voice::Chime => "chime",
            Voice::Glide => "glide",
            Voice::String => "string",
            Voice::Fall => "fall",
            Voice::Gong => "gong",
            Voice::Bell => "bell",
            Voice::Drop => "drop",
            Voice::Drone => "held",
            Voice::Clip => "clip",
        }
    }

    /// How a caption calls it.
    pub fn words(self) -> &'static str {
        match self {
            Voice::Pluck => "plucked notes",
            Voice::Chime => "chimes",
            Voice::Glide => "sliding tones",
            Voice::String => "strings",
            Voice::Fall => "falling tones",
            Voice::Gong => "gong",
            Voice::Bell => "bell",
            Voice::Drop => "drops",
            Voice::Drone => "held tones",
            Voice::Clip => "recording",
        }
    }

    /// Most notes of it in one step of the sound: what comes at once beyond that is heard as louder, not as more.
    pub fn most(self) -> usize {
        match self {
            Voice::Pluck => 3,
            Voice::Chime | Voice::String | Voice::Drop | Voice::Glide | Voice::Bell => 2,
            Voice::Fall | Voice::Gong | Voice::Drone | Voice::Clip => 1,
        }
    }

    /// How long a note of it rings, in nanoseconds.
    pub fn length(self) -> i64 {
        const MILLISECOND: i64 = 1_000_000;
        MILLISECOND
            * match self {
                Voice::Pluck => 900,
                Voice::Chime => 700,
                Voice::Glide => 500,
                Voice::String => 700,
                Voice::Fall => 500,
                Voice::Gong => 2_200,
                Voice::Bell => 2_400,
                Voice::Drop => 350,
                Voice::Drone | Voice::Clip => 0,
            }
    }

    /// The instrument of General MIDI that comes nearest, from 0.
    pub fn program(self) -> u8 {
        match self {
            Voice::Pluck => 108,
            Voice::Chime => 8,
            Voice::Glide => 46,
            Voice::String => 48,
            Voice::Fall => 79,
            Voice::Gong => 19,
            Voice::Bell => 14,
            Voice::Drop => 12,
            Voice::Drone | Voice::Clip => 89,
        }
    }

    /// Seconds in which a note swells to its full loudness.
    pub fn attack(self) -> f64 {
        match self {
            Voice::Pluck | Voice::Drop => 0.003,
            Voice::Chime | Voice::Bell => 0.002,
            Voice::Glide => 0.03,
            Voice::String => 0.06,
            Voice::Fall => 0.01,
            Voice::Gong => 0.02,
            Voice::Drone => 0.25,
            Voice::Clip => 0.005,
        }
    }

    /// Where a note's pitch comes from and in how many seconds it is reached: semitones from its own.
    pub fn slide(self) -> Option<(f64, f64)> {
        match self {
            Voice::Glide => Some((-2.0, 0.12)),
            Voice::Fall => Some((1.0, 0.25)),
            Voice::Drop => Some((5.0, 0.03)),
            _ => None,
        }
    }

    /// Its sines.
    pub fn partials(self) -> &'static [Partial] {
        const PLUCK: [Partial; 4] = [
            partial(1.0, 0.8, 0.28),
            partial(2.0, 0.18, 0.18),
            partial(3.01, 0.07, 0.1),
            partial(5.4, 0.06, 0.04),
        ];
        const CHIME: [Partial; 3] =
            [partial(1.0, 0.7, 0.22), partial(2.76, 0.25, 0.12), partial(5.4, 0.08, 0.06)];
        const GLIDE: [Partial; 2] = [partial(1.0, 0.9, 0.2), partial(2.0, 0.12, 0.12)];
        const STRING: [Partial; 5] = [
            partial(1.0, 0.7, 0.3),
            partial(2.0, 0.3, 0.25),
            partial(3.0, 0.15, 0.2),
            partial(4.0, 0.12, 0.2),
            partial(6.0, 0.07, 0.15),
        ];
        const FALL: [Partial; 3] =
            [partial(1.0, 0.8, 0.25), partial(2.0, 0.2, 0.2), partial(3.0, 0.12, 0.15)];
        const GONG: [Partial; 7] = [
            partial(1.0, 0.6, 0.9),
            partial(1.504, 0.25, 0.7),
            partial(2.01, 0.25, 0.6),
            partial(2.76, 0.2, 0.5),
            partial(4.07, 0.16, 0.4),
            partial(5.43, 0.12, 0.3),
            partial(0.5, 0.2, 0.9),
        ];
        const BELL: [Partial; 7] = [
            partial(0.5, 0.25, 1.1),
            partial(1.0, 0.6, 0.8),
            partial(1.189, 0.25, 0.7),
            partial(1.5, 0.15, 0.5),
            partial(2.0, 0.45, 0.5),
            partial(2.67, 0.12, 0.3),
            partial(4.1, 0.1, 0.15),
        ];
        const DROP: [Partial; 2] = [partial(1.0, 0.8, 0.09), partial(2.0, 0.1, 0.04)];
        // The first stands for the tone itself; the others come in as it rises. The upper ones carry a low tone through
        // a speaker that is too small for it.
        const DRONE: [Partial; 7] = [
            partial(1.0, 0.5, f64::INFINITY),
            partial(2.0, 0.34, f64::INFINITY),
            partial(3.0, 0.28, f64::INFINITY),
            partial(4.0, 0.24, f64::INFINITY),
            partial(5.0, 0.22, f64::INFINITY),
            partial(6.0, 0.2, f64::INFINITY),
            partial(8.0, 0.14, f64::INFINITY),
        ];
        match self {
            Voice::Pluck => &PLUCK,
            Voice::Chime => &CHIME,
            Voice::Glide => &GLIDE,
            Voice::String => &STRING,
            Voice::Fall => &FALL,
            Voice::Gong => &GONG,
            Voice::Bell => &BELL,
            Voice::Drop => &DROP,
            Voice::Drone => &DRONE,
            Voice::Clip => &[],
        }
    }

    /// The struck voice of a name.
    pub fn parse(name: &str) -> Option<Voice> {
        Voice::STRUCK.into_iter().find(|v| v.name() == name)
    }
}
