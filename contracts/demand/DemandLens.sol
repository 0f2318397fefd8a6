// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {IDemandEscrow} from "../../interfaces/IDemandEscrow.sol";
import {IDemandLens} from "../../interfaces/IDemandLens.sol";
import {ILogisticsNetwork} from "../../interfaces/ILogisticsNetwork.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {References} from "../libraries/References.sol";

/// @title DemandLens
/// @notice Why a demand is not met.
contract DemandLens is IDemandLens {
    /// @inheritdoc IDemandLens
    uint64 public constant MAX_OFFERS = 200;

    /// @notice Where participants are looked up.
    IParticipantRegistry public immutable registry;

    /// @notice Where goods are.
    IMaterialLedger public immutable ledger;

    /// @notice Where stations are.
    ILogisticsNetwork public immutable network;

    /// @notice Where demands are.
    IDemandBook public immutable demandBook;

    /// @notice Where offers are.
    IDemandEscrow public immutable demandEscrow;

    constructor(
        address participantRegistry,
        address materialLedger,
        address logisticsNetwork,
        address demandBook_,
        address demandEscrow_
    ) {
        registry = IParticipantRegistry(References.required(participantRegistry));
        ledger = IMaterialLedger(References.required(materialLedger));
        network = ILogisticsNetwork(References.required(logisticsNetwork));
        demandBook = IDemandBook(References.required(demandBook_));
        demandEscrow = IDemandEscrow(References.required(demandEscrow_));
    }

    /// @inheritdoc IDemandLens
    function whyUnmet(uint64 demandId) external view returns (Unmet) {
        uint64 last = demandEscrow.offerCount();
        return _why(demandId, last > MAX_OFFERS ? last - MAX_OFFERS + 1 : 1, last);
    }

    /// @inheritdoc IDemandLens
    function whyUnmetAmong(uint64 demandId, uint64 from, uint64 to) external view returns (Unmet) {
        if (from == 0 || to < from || to - from >= MAX_OFFERS || to > demandEscrow.offerCount()) {
            revert BadPage(from, to);
        }
        return _why(demandId, from, to);
    }

    function _why(uint64 demandId, uint64 from, uint64 to) private view returns (Unmet reason) {
        IDemandBook.Demand memory asked = demandBook.demand(demandId);
        IDemandBook.Level level;
        (reason, level) = _standing(demandId, asked);
        if (reason != Unmet.NULL) return reason;

        reason = Unmet.NO_SUPPLY;
        // The newest first: what is open is among them.
        for (uint64 id = to; id >= from && reason != Unmet.AVAILABLE; --id) {
            Unmet other = _reasonOf(demandId, level, demandEscrow.offerRecord(id));
            if (other > reason) reason = other;
        }
    }

    /// @dev What the demand itself lacks, or NULL and the level under which it can be served.
    function _standing(uint64 demandId, IDemandBook.Demand memory asked)
        private
        view
        returns (Unmet reason, IDemandBook.Level level)
    {
        if (asked.status == IDemandBook.DemandStatus.MET) return (Unmet.MET, level);
        if (asked.status != IDemandBook.DemandStatus.OPEN || block.timestamp >= asked.neededBy) {
            return (Unmet.ENDED, level);
        }
        if (!registry.isActive(asked.recipient, IParticipantRegistry.Role.RECIPIENT)) {
            return (Unmet.SUSPENDED, level);
        }
        if (registry.participant(network.station(asked.station).operator).suspended) {
            return (Unmet.STORAGE, level);
        }
        if (block.timestamp < asked.contestedUntil) return (Unmet.CONTESTED, level);
        bool first = block.timestamp < asked.firstUntil;
        bool second = block.timestamp < asked.secondUntil;
        if (!(first && second)) {
            if (asked.refusedBy != address(0)) return (Unmet.REFUSED, level);
            if (asked.overCap && (first || second)) return (Unmet.CAPPED, level);
        }
        if (first || second) {
            level = demandBook.levelNow(demandId);
            if (!(first && second) && level == IDemandBook.Level.CRITICAL) {
                level = IDemandBook.Level.HIGH;
            }
        } else if (demandBook.fastPathOf(demandId, 1) != 0) {
            level = IDemandBook.Level.LOW;
        } else {
            return (Unmet.UNAUDITED, level);
        }
    }

    function _reasonOf(uint64 demandId, IDemandBook.Level level, IDemandEscrow.Offer memory offered)
        private
        view
        returns (Unmet)
    {
        if (offered.units == 0 || block.timestamp >= offered.until) return Unmet.NO_SUPPLY;
        IDemandBook.Fit fit =
        demandBook.prospectOf(
            demandId,
            IDemandBook.Goods({
                material: offered.material,
                expiry: offered.expiry,
                earmarkKind: offered.earmarkKind,
                earmarkScope: offered.earmarkScope
            })
        )
        .fit;
        if (fit == IDemandBook.Fit.OTHER_MATERIAL) return Unmet.NO_SUPPLY;
        if (ledger.isRecalled(ledger.parcel(offered.parcel).lot)) return Unmet.RECALLED;
        if (fit == IDemandBook.Fit.OUT_OF_EARMARK) return Unmet.EARMARK;
        if (fit == IDemandBook.Fit.ENDS_TOO_SOON) return Unmet.EXPIRY;
        return _isOutranked(level, offered) ? Unmet.OUTRANKED : Unmet.AVAILABLE;
    }

    /// @dev By totals as of the last refresh of each demand, and without exemptions, which a solver may name.
    function _isOutranked(IDemandBook.Level level, IDemandEscrow.Offer memory offered)
        private
        view
        returns (bool)
    {
        uint64[5] memory open;
        (open[1], open[2], open[3], open[4]) = demandBook.openUnits(
            offered.material, IMaterialLedger.Earmark(offered.earmarkKind, offered.earmarkScope)
        );
        for (uint256 above = uint256(level) + 1; above < open.length; ++above) {
            if (open[above] != 0) return true;
        }
        return false;
    }
}
