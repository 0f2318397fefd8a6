// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {IDemandEscrow} from "../../interfaces/IDemandEscrow.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {LineWords} from "../libraries/LineWords.sol";
import {OpenUnits} from "../libraries/OpenUnits.sol";
import {Promises} from "../libraries/Promises.sol";
import {Urgency} from "../libraries/Urgency.sol";
import {EscrowStore} from "./EscrowStore.sol";

/// @title OrderOfUrgency
/// @notice The part of DemandEscrow that allocates: each line is checked and carried out, then the order of urgency for each offer.
abstract contract OrderOfUrgency is EscrowStore {
    using LineWords for uint256;
    using OpenUnits for uint256;

    /// @dev What the lines of one offer have come to.
    struct Group {
        uint64 offer;
        IDemandBook.Level lowest;
        IDemandBook.Goods goods;
    }

    /// @dev What a batch has won so far, the id of its next allocation, and the word of that id and its pair.
    struct Tally {
        uint256 next;
        uint256 word;
        uint256 weighted;
        uint256 stockSeconds;
    }

    // --- shared reads ---

    function _knownOffer(uint64 id) internal view returns (OfferRecord storage record) {
        record = _offers[id];
        if (record.status == IDemandEscrow.OfferStatus.NULL) {
            revert IDemandEscrow.UnknownOffer(id);
        }
    }

    function _openOffer(uint64 id) internal view returns (OfferRecord storage record) {
        record = _knownOffer(id);
        if (record.status != IDemandEscrow.OfferStatus.OPEN) {
            revert IDemandEscrow.OfferNotOpen(id, record.status);
        }
    }

    /// @dev What can be allocated of a parcel offered, or HELD as the offer is made: nothing while it is stopped by a quarantine.
    function _offeredOf(IMaterialLedger.Stock memory stock) internal pure returns (uint64) {
        bool isThere = stock.state == IMaterialLedger.ParcelState.OFFERED
            || stock.state == IMaterialLedger.ParcelState.HELD;
        return isThere ? stock.units : 0;
    }

    /// @dev Whether all of an open offer is allocated.
    function _isUsed(IMaterialLedger.Stock memory stock) internal pure returns (bool) {
        return stock.state == IMaterialLedger.ParcelState.OFFERED && stock.units == 0;
    }

    function _goodsOf(IMaterialLedger.Stock memory stock)
        internal
        pure
        returns (IDemandBook.Goods memory)
    {
        return IDemandBook.Goods({
            material: stock.material,
            expiry: stock.expiry,
            earmarkKind: stock.earmarkKind,
            earmarkScope: stock.earmarkScope
        });
    }

    // --- own reads: the order ---

    /// @dev INV-DEM-3. `exempt` holds, by level, the open units that the offer truly cannot serve.
    function _requireOrder(Group memory group, uint256 exempt) private view {
        if (group.lowest == IDemandBook.Level.CRITICAL) return;
        IDemandBook.Goods memory goods = group.goods;
        uint64[5] memory open;
        (open[1], open[2], open[3], open[4]) = demandBook.openUnits(
            goods.material, IMaterialLedger.Earmark(goods.earmarkKind, goods.earmarkScope)
        );
        for (uint256 i = uint256(group.lowest) + 1; i <= uint256(IDemandBook.Level.CRITICAL); ++i) {
            IDemandBook.Level above = IDemandBook.Level(i);
            uint64 left = open[i] - exempt.unitsAt(above);
            if (left != 0) {
                revert IDemandEscrow.OutOfOrder(group.offer, group.lowest, above, left);
            }
        }
    }

    /// @dev Groups and exemptions are both ascending by offer: one walk over both.
    function _requireOrderOfAll(
        Group[] memory groups,
        IDemandEscrow.Exemption[] calldata exemptions
    ) private view {
        uint256 next;
        for (uint256 i; i < groups.length; ++i) {
            Group memory group = groups[i];
            uint256 exempt;
            for (; next < exemptions.length && exemptions[next].offer == group.offer; ++next) {
                if (next != 0) _requireAscending(next, exemptions[next - 1], exemptions[next]);
                exempt = _exempt(exempt, group, exemptions[next].demand);
            }
            _requireOrder(group, exempt);
        }
        // What is left over names an offer that no line uses, or stands out of order.
        if (next < exemptions.length) {
            if (next != 0) _requireAscending(next, exemptions[next - 1], exemptions[next]);
            revert IDemandEscrow.NotExempt(exemptions[next].offer, exemptions[next].demand);
        }
    }

    function _requireAscending(
        uint256 index,
        IDemandEscrow.Exemption calldata before,
        IDemandEscrow.Exemption calldata exemption
    ) private pure {
        if (
            exemption.offer < before.offer
                || (exemption.offer == before.offer && exemption.demand <= before.demand)
        ) {
            revert IDemandEscrow.ExemptionNotAscending(index, exemption.offer, exemption.demand);
        }
    }

    /// @dev Adds the open units of a demand that counts in the offer's scope and that the offer cannot serve.
    function _exempt(uint256 exempt, Group memory group, uint64 demandId)
        private
        view
        returns (uint256)
    {
        IDemandBook.Prospect memory prospect = demandBook.prospectOf(demandId, group.goods);
        if (
            prospect.level == IDemandBook.Level.NULL
                || prospect.fit != IDemandBook.Fit.ENDS_TOO_SOON
        ) {
            revert IDemandEscrow.NotExempt(group.offer, demandId);
        }
        return exempt.plus(prospect.level, prospect.open);
    }

    // --- own reads: the lines ---

    /// @dev The lines as words, which must be ascending and of units, and how many offers they are from.
    function _packed(IDemandEscrow.Line[] calldata lines)
        private
        pure
        returns (uint256[] memory words, uint256 offers)
    {
        words = new uint256[](lines.length);
        uint256 before;
        for (uint256 i; i < lines.length; ++i) {
            IDemandEscrow.Line calldata line = lines[i];
            uint256 word = LineWords.line(line.offer, line.demand, line.units);
            if (i != 0 && word >> 64 <= before >> 64) {
                revert IDemandEscrow.LineNotAscending(i, word.offerOf(), word.demandOf());
            }
            if (word.unitsOf() == 0) revert IDemandEscrow.ZeroUnits();
            if (i == 0 || word >> 128 != before >> 128) ++offers;
            words[i] = word;
            before = word;
        }
    }

    /// @dev Those of one offer, from place `first` on.
    function _linesOf(uint256[] memory words, uint256 first)
        private
        pure
        returns (uint256[] memory lines)
    {
        uint64 offerId = words[first].offerOf();
        uint256 end = first + 1;
        while (end < words.length && words[end].offerOf() == offerId) ++end;
        if (end - first == words.length) return words;
        lines = new uint256[](end - first);
        for (uint256 i; i < lines.length; ++i) {
            lines[i] = words[first + i];
        }
    }

    /// @dev The units of all lines of an offer of which `left` are left. Names the line with which it was used up.
    function _sum(uint256[] memory lines, uint256 first, uint256 left)
        private
        pure
        returns (uint64)
    {
        uint256 rest = left;
        for (uint256 i; i < lines.length; ++i) {
            uint64 units = lines[i].unitsOf();
            if (units > rest) {
                revert IDemandEscrow.LineTooManyUnits(first + i, units, uint64(rest));
            }
            unchecked {
                rest -= units;
            }
        }
        return uint64(left - rest);
    }

    /// @dev Says in the line's terms why the book did not serve it.
    function _refuse(Group memory group, uint256 index, uint256 line) private view {
        uint64 demand = line.demandOf();
        IDemandBook.Prospect memory prospect = demandBook.prospectOf(demand, group.goods);
        if (prospect.fit == IDemandBook.Fit.OTHER_MATERIAL) {
            revert IDemandEscrow.LineWrongMaterial(index, group.offer, demand);
        }
        if (prospect.fit == IDemandBook.Fit.OUT_OF_EARMARK) {
            revert IDemandEscrow.LineEarmark(index, group.offer, demand);
        }
        if (prospect.fit == IDemandBook.Fit.ENDS_TOO_SOON) {
            revert IDemandEscrow.LineExpired(index, group.offer, group.goods.expiry);
        }
        if (line.unitsOf() > prospect.open) {
            revert IDemandEscrow.LineTooManyUnits(index, line.unitsOf(), prospect.open);
        }
        revert IDemandEscrow.LineUnaudited(index, demand);
    }

    // --- shared writes ---

    /// @dev A batch, all or nothing.
    function _allocateBatch(
        IDemandEscrow.Line[] calldata lines,
        IDemandEscrow.Exemption[] calldata exemptions
    ) internal returns (Tally memory tally) {
        (uint256[] memory words, uint256 offers) = _packed(lines);
        Group[] memory groups = new Group[](offers);
        tally = _startTally();
        uint256 first;
        for (uint256 k; k < offers; ++k) {
            uint256[] memory own = _linesOf(words, first);
            groups[k] = _allocate(own, first, false, tally);
            first += own.length;
        }
        _endTally(tally);
        _requireOrderOfAll(groups, exemptions);
    }

    /// @dev One line, by the holder's choice.
    function _fulfil(uint64 offerId, uint64 demandId, uint64 units)
        internal
        returns (uint64 allocationId)
    {
        if (units == 0) revert IDemandEscrow.ZeroUnits();
        uint256[] memory lines = new uint256[](1);
        lines[0] = LineWords.line(offerId, demandId, units);
        Tally memory tally = _startTally();
        allocationId = uint64(tally.next);
        Group memory group = _allocate(lines, 0, true, tally);
        _endTally(tally);
        _requireOrder(group, 0);
    }

    // --- own writes ---

    /// @dev An odd id shares the word of the one before.
    function _startTally() private view returns (Tally memory tally) {
        tally.next = uint256(_counts.allocations) + 1;
        if (tally.next & 1 == 1) tally.word = _promises[tally.next >> 1];
    }

    function _endTally(Tally memory tally) private {
        if (tally.next & 1 == 1) _promises[tally.next >> 1] = tally.word;
        _counts.allocations = uint64(tally.next - 1);
    }

    /// @dev Carries out the lines of one offer; the order of urgency is for the caller to check, once all are in. Book and ledger are ours and call
    /// nobody back: their answers belong to the record.
    /// @param lines Each as `LineWords` has it. @param first Place of the first in the batch.
    function _allocate(uint256[] memory lines, uint256 first, bool byHolder, Tally memory tally)
        private
        returns (Group memory group)
    {
        uint64 offerId = lines[0].offerOf();
        OfferRecord storage record = _openOffer(offerId);
        if (block.timestamp >= record.until) {
            revert IDemandEscrow.OfferNotOpen(offerId, IDemandEscrow.OfferStatus.EXPIRED);
        }
        uint64 parcel = record.parcel;
        IMaterialLedger.Stock memory stock = ledger.stockOf(parcel);
        if (_isUsed(stock)) {
            revert IDemandEscrow.OfferNotOpen(offerId, IDemandEscrow.OfferStatus.USED);
        }
        ledger.allocate(parcel, _sum(lines, first, _offeredOf(stock)));
        group.offer = offerId;
        group.goods = _goodsOf(stock);
        uint256[] memory answers = demandBook.serve(group.goods, lines);

        IDemandBook.Level lowest = IDemandBook.Level.CRITICAL;
        for (uint256 i; i < lines.length; ++i) {
            uint256 answer = answers[i];
            if (answer == 0) _refuse(group, first + i, lines[i]);
            IDemandBook.Level level = answer.levelOf();
            if (level < lowest) lowest = level;
            _record(lines[i], answer, byHolder, tally);
        }
        group.lowest = lowest;
    }

    function _record(uint256 line, uint256 answer, bool byHolder, Tally memory tally) private {
        uint64 offerId = line.offerOf();
        uint64 demand = line.demandOf();
        uint64 units = line.unitsOf();
        IDemandBook.Level level = answer.levelOf();
        uint256 id = tally.next;
        // Ids are counted one by one, and no demand is served more than 10^12 units.
        unchecked {
            tally.next = id + 1;
            tally.weighted += units * Urgency.weightOf(level);
            uint256 dailyUse = answer.dailyUseOf();
            if (dailyUse != 0) tally.stockSeconds += uint256(units) * 1 days / dailyUse;
        }
        tally.word = Promises.withHalf(
            tally.word, id, Promises.made(demand, offerId, units, level, byHolder)
        );
        // Its pair is complete.
        if (id & 1 == 1) {
            _promises[id >> 1] = tally.word;
            tally.word = 0;
        }
        emit IDemandEscrow.Allocated(uint64(id), offerId, demand, units, level);
    }
}
