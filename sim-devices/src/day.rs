//! An ordinary day of an invented person: who moves, opens, sleeps and boils water when. Seeded: the same seed tells
//! the same day. It decides what happens and does nothing itself; alarms are no part of an ordinary day.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::home::{Home, Spec};
use crate::models::Does;

/// Something that happens in the home.
#[derive(Debug, Clone, PartialEq)]
pub struct Happens {
    /// How long after what happened before, ms.
    pub after_ms: u64,
    /// To which device: its id.
    pub device: String,
    /// The scenario's word.
    pub deed: &'static str,
    /// A measurement's value.
    pub value: Option<f64>,
}

/// A day without end.
pub struct Day {
    random: ChaCha8Rng,
    mean_ms: u64,
    actors: Vec<Actor>,
}

/// A device as a day sees it: what it may do next.
struct Actor {
    device: String,
    deeds: Vec<&'static str>,
    measures: Option<f64>,
    turn: usize,
}

/// What belongs to an ordinary day; everything else that devices can do is a matter for scenarios.
const ORDINARY: &[&str] = &[
    "open", "close_it", "move", "clear", "lie_down", "get_up", "reading", "take",
];
/// Deeds by which a model shows that its `clear` ends an alarm and no ordinary state.
const ALARMING: &[&str] = &["fall", "smoke", "co", "leak", "press"];

impl Day {
    /// A day of this home in which something happens every `mean_ms` on average.
    pub fn new(home: &Home, seed: u64, mean_ms: u64) -> Self {
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            mean_ms: mean_ms.max(1),
            actors: home.devices.iter().filter_map(actor).collect(),
        }
    }

    /// From now on something happens every `mean_ms` on average.
    pub fn pace(&mut self, mean_ms: u64) {
        self.mean_ms = mean_ms.max(1);
    }

    /// What happens next; `None` in a home where nothing ordinary can happen.
    pub fn then(&mut self) -> Option<Happens> {
        let count = self.actors.len();
        if count == 0 {
            return None;
        }
        // Exponential pauses, as independent happenings have them; the longest is cut at six means.
        let chance: f64 = self.random.random_range(0.0025..1.0);
        let after = -chance.ln() * self.mean_ms as f64;
        let nth = self.random.random_range(0..count);
        let step = self.random.random_range(-3_i32..=3);
        let actor = self.actors.get_mut(nth)?;
        let deed = actor.deeds.get(actor.turn % actor.deeds.len()).copied()?;
        actor.turn += 1;
        let value = (deed == "reading")
            .then_some(())
            .and(actor.measures.as_mut())
            .map(|v| {
                *v = ((*v + f64::from(step) / 10.0) * 10.0).round() / 10.0;
                *v
            });
        Some(Happens {
            after_ms: whole(after),
            device: actor.device.clone(),
            deed,
            value,
        })
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a pause of at most six means, never negative"
)]
const fn whole(ms: f64) -> u64 {
    ms as u64
}

fn actor(spec: &Spec) -> Option<Actor> {
    let alarms = spec.model.deeds.iter().any(|d| ALARMING.contains(&d.word));
    let deeds: Vec<_> = spec
        .model
        .deeds
        .iter()
        .map(|d| d.word)
        .filter(|w| ORDINARY.contains(w))
        .collect();
    let measures = spec.model.deeds.iter().find(|d| d.does == Does::Measure);
    (!alarms && !deeds.is_empty()).then(|| Actor {
        device: spec.id.clone(),
        deeds,
        measures: measures.map(|d| usual(d.property)),
        turn: 0,
    })
}

/// Where a measurement starts its walk.
fn usual(property: &str) -> f64 {
    match property {
        "spo2" => 96.0,
        "power" => 60.0,
        _ => 20.5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toml_file::Text;

    fn day(seed: u64) -> Vec<Happens> {
        let home = Home::read(&Text::new("rowan.toml", crate::bundled::ROWAN_COTTAGE)).unwrap();
        let mut day = Day::new(&home, seed, 1_000);
        (0..500).map(|_| day.then().unwrap()).collect()
    }

    #[test]
    fn the_same_seed_tells_the_same_day_and_another_seed_another() {
        assert_eq!(day(7), day(7));
        assert_ne!(day(7), day(8));
    }

    #[test]
    fn an_ordinary_day_has_no_alarm_and_no_wild_reading() {
        for happens in day(7) {
            assert!(!ALARMING.contains(&happens.deed), "{happens:?}");
            assert!(happens.after_ms <= 6_000, "{happens:?}");
            assert!(
                happens.value.is_none_or(|v| (-50.0..200.0).contains(&v)),
                "{happens:?}"
            );
        }
    }
}
