// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";

/// @title Earmarks
/// @notice For whom a gift is meant: whether an earmark can be, and whether it means a given participant.
library Earmarks {
    /// @notice Returns silently when somebody bears the earmark: none, a province, a registered facility, an emergency plan's id.
    /// @dev Reverts with `IMaterialLedger.BadEarmark`, for an unknown region with `IParticipantRegistry.UnknownRegion`. That a plan
    /// of the id exists is not asked: money and goods may be given for an emergency before its plan is in force.
    function requireBorne(IMaterialLedger.Earmark calldata earmark, IParticipantRegistry registry)
        internal
        view
    {
        IMaterialLedger.EarmarkKind kind = earmark.kind;
        bytes32 scope = earmark.scope;
        bool borne;
        if (kind == IMaterialLedger.EarmarkKind.NONE) {
            borne = scope == 0;
        } else if (kind == IMaterialLedger.EarmarkKind.REGION) {
            borne = scope != 0 && registry.provinceOf(scope) == scope;
        } else if (kind == IMaterialLedger.EarmarkKind.FACILITY) {
            borne = registry.accountOf(scope) != address(0);
        } else if (kind == IMaterialLedger.EarmarkKind.EMERGENCY) {
            borne = scope != 0;
        }
        if (!borne) revert IMaterialLedger.BadEarmark(kind, scope);
    }

    /// @notice True when the earmark means `account`: its facility, its region, or anybody.
    /// @dev An emergency is not a place: which spending belongs to it is asked where it is released.
    function means(
        IMaterialLedger.Earmark memory earmark,
        address account,
        IParticipantRegistry registry
    ) internal view returns (bool) {
        if (earmark.kind == IMaterialLedger.EarmarkKind.FACILITY) {
            return registry.accountOf(earmark.scope) == account;
        }
        if (earmark.kind == IMaterialLedger.EarmarkKind.REGION) {
            return registry.isWithin(registry.participant(account).region, earmark.scope);
        }
        return true;
    }

    /// @notice Identity of an earmark: `keccak256(abi.encode(kind, scope))`.
    function key(IMaterialLedger.Earmark calldata earmark) internal pure returns (bytes32) {
        return keccak256(abi.encode(earmark.kind, earmark.scope));
    }
}
