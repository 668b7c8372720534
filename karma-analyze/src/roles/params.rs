//! Settings of the search for roles.

use serde::{Deserialize, Serialize};

use super::RolesError;
use crate::distance::{Normalization, Warping, WarpingParams};

/// Settings as someone wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RolesParams {
    /// Most decisions by which one agent may lag behind another and still be seen to do the same; 4 by default, a minute of
    /// decisions.
    pub band: u32,
    /// Most roles that are tried, at least 2; 8 by default, twice the paper's team.
    pub max_roles: usize,
    /// Mean silhouette below which a group is one role, in [−1, 1]; 0.08 by default. What chance adds for few items comes on
    /// top: 0.35 / √n for a group of n, so that a hundred need 0.115.
    pub least_silhouette: f64,
    /// Groups that lie nearer than this share of the height of the whole tree are one role, in [0, 1); 0.2 by default.
    pub resolution: f32,
}

impl Default for RolesParams {
    fn default() -> Self {
        Self { band: 4, max_roles: 8, least_silhouette: 0.08, resolution: 0.2 }
    }
}

/// Settings that were checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RolesConfig {
    params: RolesParams,
    warping: Warping,
}

impl RolesParams {
    /// Settings to search with.
    ///
    /// # Errors
    /// If one is out of its range.
    pub fn check(self) -> Result<RolesConfig, RolesError> {
        let Self { band, max_roles, least_silhouette, resolution } = self;
        let refuse = |setting, value, allowed| Err(RolesError::Setting { setting, value, allowed });
        if max_roles < 2 {
            return refuse("max_roles", max_roles as f64, "at least 2");
        }
        if !(-1.0..=1.0).contains(&least_silhouette) {
            return refuse("least_silhouette", least_silhouette, "from -1 to 1");
        }
        if !(0.0..1.0).contains(&resolution) {
            return refuse("resolution", f64::from(resolution), "from 0 to below 1");
        }
        let warping = WarpingParams { band: Some(band), normalization: Normalization::Lengths }.check()?;
        Ok(RolesConfig { params: self, warping })
    }
}

impl RolesConfig {
    /// The settings.
    pub const fn params(&self) -> &RolesParams {
        &self.params
    }

    /// How sequences are compared.
    pub const fn warping(&self) -> &Warping {
        &self.warping
    }
}
