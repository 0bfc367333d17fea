//! What is there no longer: an entity that was deleted, a device that has left. It holds nothing any more and restores
//! nothing: what it said last may still be so.

use tecs_protocol::signal::Gone;

use super::Senses;
use crate::effect::Note;
use crate::memory;

impl Senses {
    /// Forgets what a field, or all of a device, said last; what the journal is to forget of it.
    pub(super) fn forget(&mut self, source: usize, name: &str, gone: &Gone) -> Vec<Note> {
        let whose = (source, gone.device.as_str().into());
        let Some(known) = self.roster.known_mut(&whose) else {
            return Vec::new();
        };
        let fields: Vec<String> = match &gone.field {
            Some(field) => vec![field.clone()],
            None => known.fields().map(|(field, _)| field.to_owned()).collect(),
        };
        let forgotten = fields.iter().filter(|field| known.forget(field));
        forgotten
            .flat_map(|field| {
                let of = (name, gone.device.as_str(), field.as_str());
                [
                    memory::state(of.0, of.1, of.2, None),
                    memory::holds(of.0, of.1, of.2, None),
                ]
            })
            .collect()
    }
}
