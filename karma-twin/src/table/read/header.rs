//! The columns of a mapping, found in the header of a file.

use csv::StringRecord;

use super::TableError;
use crate::table::mapping::{ColumnParams, Condition, ControlParams, ScaleParams, When, matched};
use crate::table::{Column, Mapping, Names, Part, Scale, Schema};

/// Where everything is in a record.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) names: Vec<String>,
    pub(super) run: Option<usize>,
    pub(super) time: Option<usize>,
    pub(super) drop: Vec<(usize, Condition)>,
    /// In the order of the schema.
    pub(super) fields: Vec<Field>,
    pub(super) schema: Schema,
}

/// Where the values of a column come from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) at: usize,
    pub(super) divide: f64,
    pub(super) scale: Scale,
    pub(super) decided: bool,
}

impl Layout {
    pub(super) fn find(mapping: &Mapping, header: &StringRecord) -> Result<Self, TableError> {
        let header = Header::new(header);
        let params = mapping.params();
        let one = |setting: &str, name: &Option<String>| {
            name.as_ref().map(|name| header.one(setting, name)).transpose()
        };
        let (run, time) = (one("run", &params.run)?, one("time", &params.time)?);
        let dropped = |condition: &Condition| Ok((header.one("drop", &condition.column)?, condition.clone()));
        let drop = mapping.drop().iter().map(dropped).collect::<Result<_, TableError>>()?;
        let mut found = Vec::new();
        for (index, column) in params.predict.iter().enumerate() {
            header.columns(&format!("predict.{index}"), column, Part::Predicted, &mut found)?;
        }
        for (index, control) in params.control.iter().enumerate() {
            header.controls(&format!("control.{index}"), control, &mut found)?;
        }
        for (index, column) in params.given.iter().enumerate() {
            header.columns(&format!("given.{index}"), column, Part::Exogenous, &mut found)?;
        }
        let (columns, fields): (Vec<Column>, Vec<Field>) = found.into_iter().unzip();
        Ok(Self { names: header.owned(), run, time, drop, fields, schema: Schema::new(columns)? })
    }
}

/// The names in the first line of a file.
pub(super) struct Header<'a> {
    names: Vec<&'a str>,
}

impl<'a> Header<'a> {
    pub(super) fn new(record: &'a StringRecord) -> Self {
        Self { names: record.iter().map(str::trim).collect() }
    }

    pub(super) fn owned(&self) -> Vec<String> {
        self.names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// Where the column of this name is.
    pub(super) fn one(&self, setting: &str, name: &str) -> Result<usize, TableError> {
        let unknown = || TableError::unknown(setting, name, &self.names);
        let at = self.names.iter().position(|known| *known == name.trim()).ok_or_else(unknown)?;
        self.check_single(setting, at)
    }

    /// The columns that match, each with the text of its `*`, in the order of the patterns and of the file.
    fn all(&self, setting: &str, patterns: &Names) -> Result<Vec<(usize, &str)>, TableError> {
        let mut found = Vec::new();
        for pattern in &patterns.0 {
            let before = found.len();
            for (at, name) in self.names.iter().enumerate() {
                if let Some(text) = matched(pattern.trim(), name) {
                    found.push((self.check_single(setting, at)?, text));
                }
            }
            if found.len() == before {
                return Err(TableError::unknown(setting, pattern, &self.names));
            }
        }
        Ok(found)
    }

    fn check_single(&self, setting: &str, at: usize) -> Result<usize, TableError> {
        let name = self.names[at];
        if self.names.iter().filter(|known| **known == name).count() == 1 {
            Ok(at)
        } else {
            Err(TableError::Ambiguous { setting: setting.to_owned(), name: name.to_owned() })
        }
    }

    fn columns(
        &self,
        place: &str,
        params: &ColumnParams,
        part: Part,
        found: &mut Vec<(Column, Field)>,
    ) -> Result<(), TableError> {
        let scale = match (params.scale, params.floor) {
            (ScaleParams::Log10, Some(floor)) => Scale::Log10 { floor },
            (ScaleParams::Root, _) => Scale::Root,
            (ScaleParams::Linear | ScaleParams::Log10, _) => Scale::Linear,
        };
        for (at, star) in self.all(&format!("{place}.columns"), &params.columns)? {
            let column = Column {
                name: printed(params.name.as_deref(), self.names[at], star),
                part,
                unit: params.unit.clone(),
                scale,
                min: params.min,
                max: params.max,
            };
            found.push((column, Field { at, divide: params.divide, scale, decided: false }));
        }
        Ok(())
    }

    fn controls(
        &self,
        place: &str,
        params: &ControlParams,
        found: &mut Vec<(Column, Field)>,
    ) -> Result<(), TableError> {
        for (at, star) in self.all(&format!("{place}.columns"), &params.columns)? {
            let name = printed(params.name.as_deref(), self.names[at], star);
            let column = Column::new(name, Part::Controlled).within(params.min, params.max);
            let column = Column { unit: params.unit.clone(), ..column };
            let decided = params.when == When::Decided;
            found.push((column, Field { at, divide: params.divide, scale: Scale::Linear, decided }));
        }
        Ok(())
    }
}

fn printed(written: Option<&str>, name: &str, star: &str) -> String {
    written.map_or_else(|| name.to_owned(), |written| written.replace('*', star))
}
