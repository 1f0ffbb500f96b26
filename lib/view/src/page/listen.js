"use strict";

/**
 * The trace as sound: the score that the projector worked out, played by the browser's own oscillators.
 *
 * A note is [start, duration, pitch, velocity, pan, voice, space, event], where a held tone's part goes on with
 * [channel, pitch before, velocity before, whether it begins the tone, whether it ends it, level]. Times are seconds of
 * the sound, pitches MIDI numbers.
 */
class Player {
  constructor(score) {
    this.score = score;
    this.context = null;
    /** Told when it begins and when it ends. */
    this.changed = () => {};
  }

  get playing() {
    return this.context !== null;
  }

  /** Plays from a second of the sound on; `heard` is told each note once it sounds, and null at the end. */
  play(from, heard) {
    const context = new AudioContext();
    this.context = context;
    const recital = new Recital(context, this.score);
    const zero = context.currentTime + 0.1 - from;
    this.changed();
    let [written, told] = [from, from];
    this.timer = setInterval(() => {
      const now = context.currentTime - zero;
      recital.perform(written, now + 1, zero);
      written = Math.max(written, now + 1);
      for (const note of this.score.notes) if (note[0] >= told && note[0] < now) heard(note);
      told = Math.max(told, now);
      if (now > this.score.length) {
        this.stop();
        heard(null);
      }
    }, 100);
  }

  stop() {
    if (this.context === null) return;
    clearInterval(this.timer);
    this.context.close();
    this.context = null;
    this.changed();
  }
}

/** A score as it is written into an audio context, a stretch after the other. */
class Recital {
  constructor(context, score) {
    this.context = context;
    this.score = score;
    this.held = new Map();
    // What sounds together is louder than one note: it is brought back to one level.
    this.out = context.createDynamicsCompressor();
    const gain = context.createGain();
    gain.gain.value = score.gain;
    gain.connect(this.out).connect(context.destination);
    this.into = gain;
  }

  /** Writes down the notes that begin within [from, until), the sound's second 0 at `zero` of the context. */
  perform(from, until, zero) {
    for (const note of this.score.notes) {
      if (note[0] < from || note[0] >= until) continue;
      if (note.length > 8) this.#hold(note, zero + note[0]);
      else this.#strike(note, zero + note[0]);
    }
  }

  #strike([, duration, pitch, velocity, pan, name], at) {
    const voice = this.score.voices[name];
    const [semitones, seconds] = voice.slide;
    const tone = this.#tone(voice, pan, at);
    const [from, to, end] = [frequency(pitch + semitones), frequency(pitch), at + duration];
    tone.bend(from, to, at, seconds);
    tone.swell(0, loudness(this.score, velocity), at, voice.attack);
    tone.fade(loudness(this.score, velocity), end, this.score.release[0]);
    tone.decay(at);
    tone.stop(end);
  }

  /** A part of a held tone: it goes on from where the one before was, or begins. */
  #hold([, duration, pitch, velocity, pan, name, , , channel, before, softer, first, last, level], at) {
    const voice = this.score.voices[name];
    if (first === 1 || !this.held.has(channel)) this.held.set(channel, this.#tone(voice, pan, at));
    const tone = this.held.get(channel);
    tone.bend(frequency(before), frequency(pitch), at, this.score.bend);
    const [from, to] = [first === 1 ? 0 : loudness(this.score, softer), loudness(this.score, velocity)];
    tone.swell(from, to, at, first === 1 ? voice.attack : this.score.bend);
    tone.shine(this.score.bright[0] + this.score.bright[1] * level, at);
    tone.move(pan, at);
    if (last !== 1) return;
    tone.fade(to, at + duration, this.score.release[1]);
    tone.stop(at + duration);
    this.held.delete(channel);
  }

  #tone(voice, pan, at) {
    return new Tone(this.context, voice, pan, at, this.into);
  }
}

/** Above this many Hz nobody hears much. */
const HIGHEST = 16000;

/** The sines of one note. */
class Tone {
  constructor(context, { partials }, pan, at, into) {
    this.panner = context.createStereoPanner();
    this.panner.pan.value = pan;
    this.envelope = context.createGain();
    this.envelope.gain.value = 0;
    this.envelope.connect(this.panner).connect(into);
    this.sines = partials.map(([ratio, level, decay]) => {
      const [sine, gain] = [context.createOscillator(), context.createGain()];
      gain.gain.value = level;
      sine.connect(gain).connect(this.envelope);
      sine.start(at);
      return { sine, gain, ratio, level, decay };
    });
  }

  /** Lets all slide from one frequency to another; what lies too high is not heard. */
  bend(from, to, at, seconds) {
    const most = Math.min(HIGHEST, this.envelope.context.sampleRate / 2);
    for (const { sine, ratio } of this.sines) {
      const heard = Math.max(from, to) * ratio > most ? 0 : ratio;
      sine.frequency.setValueAtTime(from * heard, at);
      sine.frequency.linearRampToValueAtTime(to * heard, at + seconds);
    }
  }

  swell(from, to, at, seconds) {
    this.envelope.gain.setValueAtTime(from, at);
    this.envelope.gain.linearRampToValueAtTime(to, at + seconds);
  }

  fade(from, end, seconds) {
    this.envelope.gain.setValueAtTime(from, end - seconds);
    this.envelope.gain.linearRampToValueAtTime(0, end);
  }

  decay(at) {
    for (const { gain, decay } of this.sines) if (decay > 0) gain.gain.setTargetAtTime(0, at, decay);
  }

  /** How much of the upper sines is heard. */
  shine(bright, at) {
    this.sines.forEach(({ gain, level }, i) => gain.gain.setTargetAtTime(i === 0 ? level : level * bright, at, 0.05));
  }

  move(pan, at) {
    this.panner.pan.setTargetAtTime(pan, at, 0.05);
  }

  stop(at) {
    for (const { sine } of this.sines) sine.stop(at);
  }
}

/** The frequency of a MIDI number, in Hz. */
const frequency = (pitch) => 440 * 2 ** ((pitch - 69) / 12);

/** A velocity as a loudness: quiet notes are quieter than their number. */
const loudness = ({ loudest }, velocity) => (loudest * velocity * Math.sqrt(velocity / 127)) / 127;

/** Lets the button play the trace from where the slider is, and take the slider along. */
function listenTo(score) {
  player = new Player(score);
  const button = byId("listen");
  button.hidden = false;
  player.changed = () => {
    button.setAttribute("aria-pressed", String(player.playing));
    button.setAttribute("aria-label", player.playing ? "Stop listening" : "Listen");
    if (!player.playing) settle();
  };
  const ofSpace = (note) => note[6] === histories.indexOf(history) && note[7] >= 0;
  const start = () => {
    const at = history.at >= history.length ? 0 : history.at;
    return at === 0 ? 0 : (score.notes.find((note) => ofSpace(note) && note[7] >= at)?.[0] ?? 0);
  };
  const heard = (note) => {
    if (note === null) seek(history.length);
    else if (ofSpace(note)) seekSoon(note[7] + 1);
  };
  button.addEventListener("click", () => {
    if (player.playing) return player.stop();
    stop();
    return player.play(start(), heard);
  });
}
