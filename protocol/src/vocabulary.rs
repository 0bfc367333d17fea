//! The one vocabulary of the house: closed lists of words, each with its number on the hub's wire.
//! Nothing here knows a maker or a protocol.

/// Makes an enum whose every variant has a word (text) and the wire's number, in one place.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant = $number,)+ }

        impl $name {
            /// Every word, in the order of the wire's numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word itself.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The variant for exactly this word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }

            /// The number on the hub's wire.
            pub const fn wire(self) -> i32 { self as i32 }

            /// The variant for a number from the hub's wire.
            pub const fn from_wire(number: i32) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words! {
    /// One of the three ways through the journal and the wire; none waits for another.
    Lane {
        /// Alarms, and the technical events that endanger them.
        Alarm = 1 "alarm",
        /// Vital signs.
        Vital = 2 "vital",
        /// Daily life and everything else.
        Routine = 3 "routine",
    }
}

words! {
    /// How soon a person must look at it; the order of the variants is the order of urgency.
    Urgency {
        /// Kept for the picture of daily life.
        Routine = 1 "routine",
        /// Somebody should know today.
        Advisory = 2 "advisory",
        /// Somebody should act soon.
        Urgent = 3 "urgent",
        /// A life may depend on it.
        Emergency = 4 "emergency",
    }
}

words! {
    /// Which way a state went.
    Condition {
        /// It began.
        Raised = 1 "raised",
        /// It ended by itself or was reset at the device.
        Restored = 2 "restored",
        /// The person took it back.
        Cancelled = 3 "cancelled",
    }
}

words! {
    /// What an alarm is about.
    AlarmKind {
        /// A pendant, a pull cord, a button: somebody asks for help.
        Help = 1 "help",
        /// A fall detector fired: a device's observation, not a diagnosis.
        Fall = 2 "fall",
        /// Smoke.
        Smoke = 3 "smoke",
        /// Heat, as a fire detector sees it.
        Heat = 4 "heat",
        /// Carbon monoxide.
        Co = 5 "co",
        /// Combustible gas.
        Gas = 6 "gas",
        /// Water where none should be.
        Flood = 7 "flood",
        /// The home is dangerously cold.
        Cold = 8 "cold",
        /// The home is dangerously hot.
        Hot = 9 "hot",
        /// Somebody came in who should not.
        Intruder = 10 "intruder",
        /// A panic or bogus-caller button.
        Panic = 11 "panic",
        /// No sign of life for too long.
        Inactivity = 12 "inactivity",
        /// Not back in bed.
        BedAbsence = 13 "bed_absence",
        /// Not back in the chair.
        ChairAbsence = 14 "chair_absence",
        /// Left the home at a time when that is a risk.
        PropertyExit = 15 "property_exit",
        /// A door stands open too long.
        DoorLeftOpen = 16 "door_left_open",
        /// A dose was not taken.
        MedicationMissed = 17 "medication_missed",
        /// A wet bed.
        Enuresis = 18 "enuresis",
        /// A seizure sensor fired.
        Seizure = 19 "seizure",
        /// A vital sign passed a configured limit.
        Vital = 20 "vital",
        /// An alarm whose code no table knows; shown at high urgency, never dropped.
        Unknown = 21 "unknown",
    }
}

words! {
    /// A vital sign.
    VitalKind {
        /// Oxygen saturation by pulse oximetry, %.
        Spo2 = 1 "spo2",
        /// Pulse or heart rate, /min.
        Pulse = 2 "pulse",
        /// Systolic blood pressure, mm[Hg].
        Systolic = 3 "systolic",
        /// Diastolic blood pressure, mm[Hg].
        Diastolic = 4 "diastolic",
        /// Mean blood pressure, mm[Hg].
        MeanBp = 5 "mean_bp",
        /// Body temperature, Cel.
        TemperatureBody = 6 "temperature_body",
        /// Respiratory rate, /min.
        Respiration = 7 "respiration",
        /// Glucose in capillary blood, mmol/L.
        Glucose = 8 "glucose",
        /// Body weight, kg.
        Weight = 9 "weight",
        /// Peak expiratory flow, L/min.
        PeakFlow = 10 "peak_flow",
        /// ACVPU as 0 (alert) to 4 (unresponsive); without a unit.
        Consciousness = 11 "consciousness",
        /// Supplemental oxygen: 0 air, 1 oxygen; without a unit.
        Oxygen = 12 "oxygen",
    }
}

words! {
    /// How far a value can be trusted, or why there is none.
    Quality {
        /// As good as the device makes it.
        Ok = 1 "ok",
        /// The device gives a value and doubts it.
        Questionable = 2 "questionable",
        /// No value: the sensor is off the body or missing.
        SensorOff = 3 "sensor_off",
        /// No value: nothing measurable.
        NoSignal = 4 "no_signal",
        /// No value: outside what the device measures.
        OutOfRange = 5 "out_of_range",
        /// No value: the device says it failed.
        DeviceError = 6 "device_error",
        /// No value: the device sent its mark for that.
        NotANumber = 7 "not_a_number",
    }
}

words! {
    /// Daily life and the environment.
    ObservedKind {
        /// A door or window: open, closed.
        Contact = 1 "contact",
        /// Motion: active, clear.
        Motion = 2 "motion",
        /// A room in use: active, clear.
        Occupancy = 3 "occupancy",
        /// A person present: active, clear.
        Presence = 4 "presence",
        /// In bed: active, clear.
        Bed = 5 "bed",
        /// In the chair: active, clear.
        Chair = 6 "chair",
        /// Vibration: active, clear.
        Vibration = 7 "vibration",
        /// A button that is no alarm: single, double, long, or the action's name.
        Button = 8 "button",
        /// Room temperature, Cel.
        Temperature = 9 "temperature",
        /// Relative humidity, %.
        Humidity = 10 "humidity",
        /// Illuminance, lx.
        Illuminance = 11 "illuminance",
        /// Power drawn, W.
        Power = 12 "power",
        /// Energy used, kWh.
        Energy = 13 "energy",
        /// A dispenser: taken, reminder.
        Medication = 14 "medication",
        /// A lock: locked, unlocked.
        Lock = 15 "lock",
        /// A valve: open, closed.
        Valve = 16 "valve",
        /// Sound: active, clear.
        Sound = 17 "sound",
    }
}

words! {
    /// The health of devices, paths and the gateway itself.
    HealthKind {
        /// Charge, %.
        Battery = 1 "battery",
        /// The device says its battery is low.
        BatteryLow = 2 "battery_low",
        /// Opened or removed.
        Tamper = 3 "tamper",
        /// Mains power failed.
        Mains = 4 "mains",
        /// A device is silent or gone.
        Missing = 5 "missing",
        /// A path (source, broker, hub endpoint) is down.
        Path = 6 "path",
        /// Radio jamming.
        Jamming = 7 "jamming",
        /// Something is broken.
        Fault = 8 "fault",
        /// The clock cannot be trusted.
        Clock = 9 "clock",
        /// The journal cannot keep what it should.
        Journal = 10 "journal",
        /// Records were lost; which, the Gap says.
        Gap = 11 "gap",
        /// A test call or a device's own test.
        TestCall = 12 "test_call",
        /// A device speaks that nobody taught the gateway.
        Untaught = 13 "untaught",
    }
}

words! {
    /// A unit of the vocabulary; `word` is its UCUM code.
    Unit {
        /// Per cent.
        Percent = 1 "%",
        /// Per minute.
        PerMinute = 2 "/min",
        /// Millimetres of mercury.
        MmHg = 3 "mm[Hg]",
        /// Degrees Celsius.
        Celsius = 4 "Cel",
        /// Millimoles a litre.
        MmolPerLitre = 5 "mmol/L",
        /// Kilograms.
        Kilogram = 6 "kg",
        /// Litres a minute.
        LitrePerMinute = 7 "L/min",
        /// Lux.
        Lux = 8 "lx",
        /// Watts.
        Watt = 9 "W",
        /// Kilowatt hours.
        KilowattHour = 10 "kWh",
    }
}

impl VitalKind {
    /// The unit its value always has; `None` for consciousness and oxygen, which are codes.
    pub const fn unit(self) -> Option<Unit> {
        match self {
            Self::Spo2 => Some(Unit::Percent),
            Self::Pulse | Self::Respiration => Some(Unit::PerMinute),
            Self::Systolic | Self::Diastolic | Self::MeanBp => Some(Unit::MmHg),
            Self::TemperatureBody => Some(Unit::Celsius),
            Self::Glucose => Some(Unit::MmolPerLitre),
            Self::Weight => Some(Unit::Kilogram),
            Self::PeakFlow => Some(Unit::LitrePerMinute),
            Self::Consciousness | Self::Oxygen => None,
        }
    }
}

impl ObservedKind {
    /// The unit of a kind that is a value; `None` for a kind that is a state.
    pub const fn unit(self) -> Option<Unit> {
        match self {
            Self::Temperature => Some(Unit::Celsius),
            Self::Humidity => Some(Unit::Percent),
            Self::Illuminance => Some(Unit::Lux),
            Self::Power => Some(Unit::Watt),
            Self::Energy => Some(Unit::KilowattHour),
            Self::Contact
            | Self::Motion
            | Self::Occupancy
            | Self::Presence
            | Self::Bed
            | Self::Chair
            | Self::Vibration
            | Self::Button
            | Self::Medication
            | Self::Lock
            | Self::Valve
            | Self::Sound => None,
        }
    }

    /// The least and the most that a value can be, whatever device says it; a temperature may be an oven's.
    pub const fn range(self) -> (f64, f64) {
        match self {
            Self::Humidity => (0.0, 100.0),
            Self::Temperature => (-150.0, 1_000.0),
            _ => (-1e9, 1e9),
        }
    }
}

/// True of a value in a range.
pub fn is_within(value: f64, (least, most): (f64, f64)) -> bool {
    (least..=most).contains(&value)
}

/// A word of the vocabulary that an observed state may have.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum State {
    /// A contact or valve stands open.
    Open,
    /// A contact or valve is closed.
    Closed,
    /// Motion, presence and their like: seen.
    Active,
    /// Motion, presence and their like: no longer seen.
    Clear,
    /// A button, pressed once.
    Single,
    /// A button, pressed twice.
    Double,
    /// A button, held.
    Long,
    /// A dose was taken.
    Taken,
    /// A dispenser reminds.
    Reminder,
    /// A lock is locked.
    Locked,
    /// A lock is unlocked.
    Unlocked,
    /// A button's own name for what was done to it.
    Named(String),
}

impl State {
    /// The word itself.
    pub fn word(&self) -> &str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Active => "active",
            Self::Clear => "clear",
            Self::Single => "single",
            Self::Double => "double",
            Self::Long => "long",
            Self::Taken => "taken",
            Self::Reminder => "reminder",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
            Self::Named(name) => name,
        }
    }

    /// The state for a word that `kind` may have; `None` when it may not.
    pub fn of(kind: ObservedKind, word: &str) -> Option<Self> {
        match kind {
            ObservedKind::Contact | ObservedKind::Valve => match word {
                "open" => Some(Self::Open),
                "closed" => Some(Self::Closed),
                _ => None,
            },
            ObservedKind::Motion
            | ObservedKind::Occupancy
            | ObservedKind::Presence
            | ObservedKind::Bed
            | ObservedKind::Chair
            | ObservedKind::Vibration
            | ObservedKind::Sound => match word {
                "active" => Some(Self::Active),
                "clear" => Some(Self::Clear),
                _ => None,
            },
            ObservedKind::Button => match word {
                "" => None,
                "single" => Some(Self::Single),
                "double" => Some(Self::Double),
                "long" => Some(Self::Long),
                other => Some(Self::Named(other.to_owned())),
            },
            ObservedKind::Medication => match word {
                "taken" => Some(Self::Taken),
                "reminder" => Some(Self::Reminder),
                _ => None,
            },
            ObservedKind::Lock => match word {
                "locked" => Some(Self::Locked),
                "unlocked" => Some(Self::Unlocked),
                _ => None,
            },
            ObservedKind::Temperature
            | ObservedKind::Humidity
            | ObservedKind::Illuminance
            | ObservedKind::Power
            | ObservedKind::Energy => None,
        }
    }

    /// The opposite of a state that has one, for a sensor that is mounted the wrong way round.
    #[must_use]
    pub fn inverted(self) -> Self {
        match self {
            Self::Open => Self::Closed,
            Self::Closed => Self::Open,
            Self::Active => Self::Clear,
            Self::Clear => Self::Active,
            Self::Locked => Self::Unlocked,
            Self::Unlocked => Self::Locked,
            other @ (Self::Single
            | Self::Double
            | Self::Long
            | Self::Taken
            | Self::Reminder
            | Self::Named(_)) => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::v1;

    #[test]
    fn every_word_has_the_number_and_the_name_that_the_wire_gives_it() {
        fn check(word: &str, prefix: &str, name: &str) {
            assert_eq!(format!("{prefix}_{}", word.to_uppercase()), name);
        }
        for k in AlarmKind::ALL {
            let wire = v1::AlarmKind::try_from(k.wire()).unwrap();
            check(k.word(), "ALARM_KIND", wire.as_str_name());
        }
        for k in VitalKind::ALL {
            let wire = v1::VitalKind::try_from(k.wire()).unwrap();
            check(k.word(), "VITAL_KIND", wire.as_str_name());
        }
        for k in ObservedKind::ALL {
            let wire = v1::ObservedKind::try_from(k.wire()).unwrap();
            check(k.word(), "OBSERVED_KIND", wire.as_str_name());
        }
        for k in HealthKind::ALL {
            let wire = v1::HealthKind::try_from(k.wire()).unwrap();
            check(k.word(), "HEALTH_KIND", wire.as_str_name());
        }
        for k in Quality::ALL {
            let wire = v1::Quality::try_from(k.wire()).unwrap();
            check(k.word(), "QUALITY", wire.as_str_name());
        }
        for k in Condition::ALL {
            let wire = v1::Condition::try_from(k.wire()).unwrap();
            check(k.word(), "CONDITION", wire.as_str_name());
        }
        for k in Urgency::ALL {
            let wire = v1::Urgency::try_from(k.wire()).unwrap();
            check(k.word(), "URGENCY", wire.as_str_name());
        }
        for k in Lane::ALL {
            let wire = v1::Lane::try_from(k.wire()).unwrap();
            check(k.word(), "LANE", wire.as_str_name());
        }
        for k in Unit::ALL {
            assert!(v1::Unit::try_from(k.wire()).is_ok());
        }
    }

    #[test]
    fn the_wire_knows_no_kind_that_the_vocabulary_lacks() {
        assert!(v1::AlarmKind::try_from(AlarmKind::ALL.last().unwrap().wire() + 1).is_err());
        assert!(v1::VitalKind::try_from(VitalKind::ALL.last().unwrap().wire() + 1).is_err());
        assert!(v1::ObservedKind::try_from(ObservedKind::ALL.last().unwrap().wire() + 1).is_err());
        assert!(v1::HealthKind::try_from(HealthKind::ALL.last().unwrap().wire() + 1).is_err());
        assert!(v1::Unit::try_from(Unit::ALL.last().unwrap().wire() + 1).is_err());
    }

    #[test]
    fn a_state_word_belongs_to_its_kind_alone() {
        assert_eq!(State::of(ObservedKind::Contact, "open"), Some(State::Open));
        assert_eq!(State::of(ObservedKind::Contact, "active"), None);
        assert_eq!(State::of(ObservedKind::Button, ""), None);
        assert_eq!(
            State::of(ObservedKind::Button, "rotate_left"),
            Some(State::Named("rotate_left".into()))
        );
    }
}
