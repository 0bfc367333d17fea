//! The machine's own power, as the kernel tells it in `/sys/class/power_supply` (Documentation/ABI/testing/
//! sysfs-class-power). A machine that has no such thing says nothing; batteries of mice and pendants are not its own.

use std::fs;
use std::path::{Path, PathBuf};

use gateway_core::Input;

/// Where the kernel lists supplies.
const SUPPLIES: &str = "/sys/class/power_supply";

/// Reads the supplies and says what changed.
#[derive(Debug)]
pub struct Power {
    folder: PathBuf,
    said: (Option<bool>, Option<f64>),
}

impl Default for Power {
    fn default() -> Self {
        Self {
            folder: PathBuf::from(SUPPLIES),
            said: (None, None),
        }
    }
}

impl Power {
    /// What the core is told now; `None` when it is what was told last. Reads a few small files of the kernel's.
    pub fn news(&mut self) -> Option<Input> {
        let (mains, battery_percent) = self.read();
        if (mains, battery_percent) == self.said {
            return None;
        }
        self.said = (mains, battery_percent);
        Some(Input::Power {
            mains,
            battery_percent,
        })
    }

    fn read(&self) -> (Option<bool>, Option<f64>) {
        let (mut mains, mut charge) = (None, None);
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let supply = entry.path();
            match word(&supply, "type").as_deref() {
                Some("Mains" | "USB") => {
                    if let Some(online) = word(&supply, "online") {
                        // On mains while any of several feeds is.
                        mains = Some(mains.unwrap_or(false) || online != "0");
                    }
                }
                Some("Battery") if word(&supply, "scope").as_deref() != Some("Device") => {
                    let percent = word(&supply, "capacity").and_then(|c| c.parse::<f64>().ok());
                    charge = charge.or(percent.filter(|p| (0.0..=100.0).contains(p)));
                }
                Some(_) | None => {}
            }
        }
        (mains, charge)
    }
}

fn word(supply: &Path, name: &str) -> Option<String> {
    let text = fs::read_to_string(supply.join(name)).ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supply(folder: &Path, name: &str, words: &[(&str, &str)]) {
        let supply = folder.join(name);
        fs::create_dir_all(&supply).unwrap();
        for (file, word) in words {
            fs::write(supply.join(file), format!("{word}\n")).unwrap();
        }
    }

    #[test]
    fn a_power_cut_is_news_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut power = Power {
            folder: folder.path().to_owned(),
            ..Power::default()
        };
        assert_eq!(
            power.news(),
            None,
            "a machine that cannot tell says nothing"
        );
        supply(folder.path(), "AC", &[("type", "Mains"), ("online", "1")]);
        supply(
            folder.path(),
            "BAT0",
            &[("type", "Battery"), ("capacity", "93")],
        );
        let mouse = [("type", "Battery"), ("scope", "Device"), ("capacity", "5")];
        supply(folder.path(), "hidpp", &mouse);
        let news = |mains, charge| {
            Some(Input::Power {
                mains: Some(mains),
                battery_percent: Some(charge),
            })
        };
        assert_eq!(power.news(), news(true, 93.0));
        assert_eq!(power.news(), None);
        supply(folder.path(), "AC", &[("online", "0")]);
        assert_eq!(power.news(), news(false, 93.0));
    }
}
