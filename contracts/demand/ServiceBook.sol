// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {LineWords} from "../libraries/LineWords.sol";
import {NeedAccount} from "../libraries/NeedAccount.sol";
import {OpenUnits} from "../libraries/OpenUnits.sol";
import {DemandStore} from "./DemandStore.sol";

/// @title ServiceBook
/// @notice The part of DemandBook in which lines are served: what fits a demand, and what the fast path will have.
abstract contract ServiceBook is DemandStore {
    using LineWords for uint256;

    // --- shared reads ---

    /// @dev What a demand must have to lie within the goods' earmark: number of province or emergency, or recipient.
    function _scopeOf(IDemandBook.Goods memory goods) internal view returns (uint256 scope) {
        if (goods.earmarkKind == IMaterialLedger.EarmarkKind.NONE) return 0;
        scope = goods.earmarkKind == IMaterialLedger.EarmarkKind.FACILITY
            ? uint160(registry.accountOf(goods.earmarkScope))
            : _numbers[goods.earmarkScope];
        // No demand has come from there.
        if (scope == 0) return type(uint256).max;
    }

    /// @dev Whether the demand counts in the total of the goods' scope and is within their earmark is one question.
    function _fitOf(
        uint48 material,
        Terms memory terms,
        IDemandBook.Goods memory goods,
        uint256 scope
    ) internal pure returns (IDemandBook.Fit) {
        if (material != goods.material) {
            return IDemandBook.Fit.OTHER_MATERIAL;
        }
        IMaterialLedger.EarmarkKind kind = goods.earmarkKind;
        if (kind != IMaterialLedger.EarmarkKind.NONE) {
            uint256 own = terms.emergency;
            if (kind == IMaterialLedger.EarmarkKind.REGION) own = terms.province;
            if (kind == IMaterialLedger.EarmarkKind.FACILITY) own = uint160(terms.recipient);
            if (own != scope) return IDemandBook.Fit.OUT_OF_EARMARK;
        }
        // A lot that ends before the goods are needed can serve neither in a line nor as a reason to wait.
        return goods.expiry == 0 || goods.expiry >= terms.neededBy
            ? IDemandBook.Fit.FITS
            : IDemandBook.Fit.ENDS_TOO_SOON;
    }

    /// @dev The region, nearest first, whose fast path will have an unaudited line; zero when none.
    function _fastPathFor(DemandRecord storage record, uint64 units)
        internal
        view
        returns (bytes32 region)
    {
        Audit storage audit = record.audit;
        if (
            record.terms.emergency == 0 || audit.overCap || audit.refused
                || block.timestamp < audit.contestedUntil
        ) return 0;
        IDemandBook.AuditDebt storage debt = _auditDebts[record.terms.recipient];
        if (debt.demands != 0 && block.timestamp >= debt.auditBy) return 0;

        bytes32 emergency = _names[record.terms.emergency];
        region = _regionOf(record.terms.recipient);
        while (region != 0) {
            IDemandBook.FastPath storage path = _fastPaths[emergency][region];
            if (block.timestamp < path.until && units <= path.cap - path.used) return region;
            region = registry.parentOf(region);
        }
    }

    // --- shared writes ---

    /// @dev Serves one line, but for the total of the material, of which `less` is to be taken. The answer is zero when the line cannot be served.
    function _serve(uint256 line, IDemandBook.Goods memory goods, uint256 scope, uint32 limits)
        internal
        returns (uint256 answer, uint256 less)
    {
        uint64 id = line.demandOf();
        uint64 units = line.unitsOf();
        DemandRecord storage record = _demands[id];
        Need memory need = record.need;
        Terms memory terms = record.terms;
        if (terms.status != IDemandBook.DemandStatus.OPEN || need.served == need.units) {
            _openDemand(id);
        }
        if (block.timestamp >= terms.neededBy) {
            revert IDemandBook.DemandNotOpen(id, IDemandBook.DemandStatus.LAPSED);
        }
        _requireActive(terms.recipient, IParticipantRegistry.Role.RECIPIENT);
        if (!_isFresh(need, limits)) {
            _update(id, record, true);
            need = record.need;
        }
        if (
            units > need.units - need.served
                || _fitOf(need.material, terms, goods, scope) != IDemandBook.Fit.FITS
        ) return (0, 0);
        IDemandBook.Level level = need.counted;
        if (level == IDemandBook.Level.NULL) {
            if (!_useFastPath(id, record, units)) return (0, 0);
            level = IDemandBook.Level.LOW;
        } else {
            less = OpenUnits.word(level, units);
            unchecked {
                _changeInPlace(terms, need.material, 0 - NeedAccount.open(level, units), 0 - less);
            }
        }
        record.need.served = need.served + uint40(units);
        return (LineWords.served(level, need.dailyUse), less);
    }

    /// @dev Takes an unaudited line's units from a fast path, and notes that their audit is owed. False when none will have it.
    function _useFastPath(uint64 id, DemandRecord storage record, uint64 units)
        private
        returns (bool)
    {
        bytes32 region = _fastPathFor(record, units);
        if (region == 0) return false;
        bytes32 emergency = _names[record.terms.emergency];
        _fastPaths[emergency][region].used += units;
        emit IDemandBook.FastPathUsed(id, emergency, region, units);
        if (record.audit.auditOwed) return true;
        record.audit.auditOwed = true;
        IDemandBook.AuditDebt storage debt = _auditDebts[record.terms.recipient];
        if (debt.demands == 0) debt.auditBy = uint40(block.timestamp) + _AUDIT_WINDOW;
        ++debt.demands;
        return true;
    }
}
