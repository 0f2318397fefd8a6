// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {IDemandEscrow} from "../../interfaces/IDemandEscrow.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {LapsingPause} from "../access/LapsingPause.sol";
import {OpenUnits} from "../libraries/OpenUnits.sol";
import {References} from "../libraries/References.sol";
import {Urgency} from "../libraries/Urgency.sol";

/// @title DemandEscrow
/// @notice Offers held in escrow, and allocations that must obey the priority rule.
/// @dev Demands are in DemandBook; here goods meet them.
contract DemandEscrow is IDemandEscrow, LapsingPause {
    using OpenUnits for uint256;

    /// @dev What an offer adds to its parcel. Parcels are counted from 1: their ids never need more than 48 bits.
    struct OfferRecord {
        address holder; // slot 0
        uint40 until;
        OfferStatus status;
        uint48 parcel;
    }

    /// @dev Lines of one offer, the first of which is the batch's `first`.
    struct Group {
        uint64 offer;
        uint256 first;
        uint64[] demands;
        uint64[] units;
    }

    /// @dev What a batch has won so far.
    struct Score {
        uint256 weighted;
        uint256 stockSeconds;
    }

    /// @inheritdoc IDemandEscrow
    uint40 public constant BOOKING_WINDOW = 1 days;

    /// @notice Most lines, and most exemptions, in one proposal.
    uint256 public constant MAX_LINES = 100;

    /// @notice Where participants are looked up.
    IParticipantRegistry public immutable registry;

    /// @notice Where goods are.
    IMaterialLedger public immutable ledger;

    /// @notice Where demands are.
    IDemandBook public immutable demandBook;

    /// @notice Who books allocations.
    address public immutable freightEscrow;

    /// @notice Who may offer in the name of the holder of a gift.
    address public immutable donationRegistry;

    /// @inheritdoc IDemandEscrow
    address public immutable reliefFund;

    /// @inheritdoc IDemandEscrow
    uint64 public offerCount;

    /// @inheritdoc IDemandEscrow
    uint64 public allocationCount;

    /// @inheritdoc IDemandEscrow
    uint64 public proposalCount;

    /// @inheritdoc IDemandEscrow
    mapping(uint64 lotId => bool) public isTakenBack;

    mapping(uint64 id => OfferRecord) private _offers;

    mapping(uint64 id => Allocation) private _allocations;

    constructor(
        address accessManager,
        address participantRegistry,
        address materialLedger,
        address demandBook_,
        address freightEscrow_,
        address donationRegistry_,
        address reliefFund_
    ) AccessManaged(References.required(accessManager)) {
        registry = IParticipantRegistry(References.required(participantRegistry));
        ledger = IMaterialLedger(References.required(materialLedger));
        demandBook = IDemandBook(References.required(demandBook_));
        freightEscrow = References.required(freightEscrow_);
        donationRegistry = References.required(donationRegistry_);
        reliefFund = References.required(reliefFund_);
    }

    modifier onlyWriter(address writer) {
        _requireWriter(writer);
        _;
    }

    // --- reads ---

    /// @inheritdoc IDemandEscrow
    function offerRecord(uint64 id) external view returns (Offer memory) {
        return _describe(_knownOffer(id));
    }

    /// @inheritdoc IDemandEscrow
    function allocation(uint64 id) external view returns (Allocation memory) {
        return _knownAllocation(id);
    }

    /// @inheritdoc IDemandEscrow
    function stationOf(uint64 allocationId) external view returns (uint32) {
        return demandBook.stationOf(_knownAllocation(allocationId).demand);
    }

    // --- holders of goods ---

    /// @inheritdoc IDemandEscrow
    function offer(uint64 parcelId, uint40 until) external whenOpen returns (uint64 offerId) {
        uint64 lot = ledger.parcel(parcelId).lot;
        if (isTakenBack[lot]) revert LotTakenBack(lot);
        (offerId,) = _offer(msg.sender, parcelId, until);
    }

    /// @inheritdoc IDemandEscrow
    function offerFor(address holder, uint64 parcelId, uint40 until)
        external
        whenOpen
        onlyWriter(donationRegistry)
        returns (uint64 offerId)
    {
        (offerId,) = _offer(holder, parcelId, until);
    }

    /// @inheritdoc IDemandEscrow
    function offerTo(address holder, uint64 parcelId, uint40 until, uint64 demandId)
        external
        whenOpen
        onlyWriter(donationRegistry)
        returns (uint64 offerId, uint64 allocationId)
    {
        Offer memory made;
        (offerId, made) = _offer(holder, parcelId, until);
        uint64 units = demandBook.prospectOf(demandId, _goodsOf(made)).open;
        if (units > made.units) units = made.units;
        allocationId = _fulfil(Line({offer: offerId, demand: demandId, units: units}));
    }

    /// @inheritdoc IDemandEscrow
    function takeBack(uint64 lotId, uint64[] calldata offers)
        external
        onlyWriter(donationRegistry)
        returns (uint64 units)
    {
        isTakenBack[lotId] = true;
        for (uint256 i; i < offers.length; ++i) {
            OfferRecord storage record = _openOffer(offers[i]);
            if (ledger.parcel(record.parcel).lot != lotId) revert NotOfLot(offers[i], lotId);
            units += _endOffer(offers[i], record, OfferStatus.TAKEN_BACK);
        }
    }

    /// @inheritdoc IDemandEscrow
    function withdrawOffer(uint64 offerId) external {
        OfferRecord storage record = _openOffer(offerId);
        if (record.holder != msg.sender) revert NotHolder(offerId, msg.sender);
        _endOffer(offerId, record, OfferStatus.WITHDRAWN);
    }

    /// @inheritdoc IDemandEscrow
    function fulfil(uint64 offerId, uint64 demandId, uint64 units)
        external
        whenOpen
        returns (uint64 allocationId)
    {
        if (_openOffer(offerId).holder != msg.sender) {
            revert NotHolder(offerId, msg.sender);
        }
        return _fulfil(Line({offer: offerId, demand: demandId, units: units}));
    }

    // --- solvers ---

    /// @inheritdoc IDemandEscrow
    function propose(Proposal calldata proposal)
        external
        whenOpen
        returns (uint64[] memory allocations)
    {
        registry.requireActive(msg.sender, IParticipantRegistry.Role.SOLVER);
        if (proposal.lines.length == 0) revert EmptyProposal();
        _requireFew(proposal.lines.length);
        _requireFew(proposal.exemptions.length);

        if (proposal.lapse.length != 0) demandBook.bringUpToDate(proposal.lapse);
        IDemandBook.Level[] memory levels;
        Score memory score;
        (allocations, levels, score) = _allocateAll(proposal.lines);
        _requireOrderOfAll(proposal.lines, levels, proposal.exemptions);
        emit ProposalAccepted(
            ++proposalCount, msg.sender, proposal.lines.length, score.weighted, score.stockSeconds
        );
    }

    // --- anyone ---

    /// @inheritdoc IDemandEscrow
    function lapseOffer(uint64 offerId) external {
        OfferRecord storage record = _openOffer(offerId);
        if (block.timestamp < record.until) revert NotLapsed(offerId, record.until);
        _endOffer(offerId, record, OfferStatus.EXPIRED);
    }

    /// @inheritdoc IDemandEscrow
    function release(uint64 allocationId) external {
        Allocation storage record = _knownAllocation(allocationId);
        AllocationStatus status = record.status;
        if (status == AllocationStatus.ALLOCATED) {
            uint40 until = record.at + BOOKING_WINDOW;
            if (block.timestamp < until) revert BookingWindowOpen(allocationId, until);
        } else if (status == AllocationStatus.BOOKED) {
            // A booked parcel at rest as ALLOCATED: its consignment was cancelled before pick-up.
            IMaterialLedger.Parcel memory parcel = ledger.parcel(record.parcel);
            if (parcel.state != IMaterialLedger.ParcelState.ALLOCATED || parcel.consignment != 0) {
                revert FreightStillRuns(allocationId);
            }
        } else {
            revert AllocationWrongStatus(allocationId, status);
        }

        record.status = AllocationStatus.RELEASED;
        emit AllocationReleased(allocationId, record.units);
        _giveBack(record, status == AllocationStatus.ALLOCATED);
        ledger.release(record.parcel);
    }

    /// @inheritdoc IDemandEscrow
    function reportFailed(uint64 allocationId) external {
        Allocation storage record = _knownAllocation(allocationId);
        if (record.status != AllocationStatus.BOOKED) {
            revert AllocationWrongStatus(allocationId, record.status);
        }
        IMaterialLedger.ParcelState state = ledger.outcomeOf(record.parcel, record.consignment);
        IMaterialLedger.ParcelState present = ledger.parcel(record.parcel).state;
        bool isFailed = state == IMaterialLedger.ParcelState.LOST
            || state == IMaterialLedger.ParcelState.RETURNED
            || (state == IMaterialLedger.ParcelState.QUARANTINED && !_isInUse(present));
        if (!isFailed) revert ParcelNotFailed(allocationId, present);

        record.status = AllocationStatus.FAILED;
        emit AllocationFailed(allocationId, record.units, state);
        _giveBack(record, state == IMaterialLedger.ParcelState.RETURNED);
    }

    // --- FreightEscrow ---

    /// @inheritdoc IDemandEscrow
    function take(uint64[] calldata allocations, uint64 consignment, address payer, uint128 freight)
        external
        onlyWriter(freightEscrow)
        returns (uint64[] memory parcels, address recipient)
    {
        uint256 count = allocations.length;
        parcels = new uint64[](count);
        // The budget bounds what is given for it; who pays with its own money is bound by its purse.
        uint128 left = payer == reliefFund ? freight : 0;
        for (uint256 i; i < count; ++i) {
            uint64 id = allocations[i];
            Allocation storage record = _bookable(id);
            (uint128 taken, address served) = demandBook.takeBudget(record.demand, left);
            if (i == 0) recipient = served;
            else if (served != recipient) revert DifferentRecipients(id, served);
            _requirePayer(id, record.parcel, served, payer);

            record.status = AllocationStatus.BOOKED;
            record.consignment = consignment;
            record.freight = taken;
            left -= taken;
            parcels[i] = record.parcel;
            emit AllocationBooked(id, consignment);
        }
        if (left != 0) {
            uint64 last = count == 0 ? 0 : _allocations[allocations[count - 1]].demand;
            revert BudgetExceeded(last, freight, freight - left);
        }
    }

    // --- own reads ---

    function _requireWriter(address writer) private view {
        if (msg.sender != writer) revert NotWriter(msg.sender);
    }

    function _knownOffer(uint64 id) private view returns (OfferRecord storage record) {
        record = _offers[id];
        if (record.status == OfferStatus.NULL) revert UnknownOffer(id);
    }

    function _openOffer(uint64 id) private view returns (OfferRecord storage record) {
        record = _knownOffer(id);
        if (record.status != OfferStatus.OPEN) revert OfferNotOpen(id, record.status);
    }

    function _knownAllocation(uint64 id) private view returns (Allocation storage record) {
        record = _allocations[id];
        if (record.status == AllocationStatus.NULL) revert UnknownAllocation(id);
    }

    function _bookable(uint64 id) private view returns (Allocation storage record) {
        record = _knownAllocation(id);
        if (record.status != AllocationStatus.ALLOCATED) {
            revert AllocationWrongStatus(id, record.status);
        }
        uint40 until = record.at + BOOKING_WINDOW;
        if (block.timestamp >= until) revert BookingWindowOver(id, until);
    }

    function _requirePayer(uint64 id, uint64 parcel, address recipient, address payer)
        private
        view
    {
        if (payer == recipient || payer == reliefFund) return;
        if (payer != ledger.lot(ledger.parcel(parcel).lot).maker) revert NotPayer(id, payer);
    }

    function _requireFew(uint256 given) private pure {
        if (given > MAX_LINES) revert TooManyLines(given, MAX_LINES);
    }

    /// @dev While an offer is open its parcel is OFFERED (HELD as it is made), unless it was stopped there by a quarantine.
    function _describe(OfferRecord storage record) private view returns (Offer memory whole) {
        IMaterialLedger.Parcel memory parcel = ledger.parcel(record.parcel);
        IMaterialLedger.Lot memory lot = ledger.lot(parcel.lot);
        whole.holder = record.holder;
        whole.until = record.until;
        whole.status = record.status;
        whole.parcel = record.parcel;
        bool isThere = parcel.state == IMaterialLedger.ParcelState.HELD
            || parcel.state == IMaterialLedger.ParcelState.OFFERED;
        if (whole.status == OfferStatus.OPEN && isThere) whole.units = parcel.units;
        whole.material = lot.material;
        whole.expiry = lot.expiry;
        whole.earmarkKind = lot.earmarkKind;
        whole.earmarkScope = lot.earmarkScope;
    }

    function _goodsOf(Offer memory record) private pure returns (IDemandBook.Goods memory) {
        return IDemandBook.Goods({
            material: record.material,
            expiry: record.expiry,
            earmarkKind: record.earmarkKind,
            earmarkScope: record.earmarkScope
        });
    }

    /// @dev INV-DEM-3. `exempt` holds, by level, the open units that the offer truly cannot serve.
    function _requireOrder(uint64 offerId, IDemandBook.Level lowest, uint256 exempt) private view {
        Offer memory record = _describe(_offers[offerId]);
        uint64[5] memory open;
        (open[1], open[2], open[3], open[4]) = demandBook.openUnits(
            record.material, IMaterialLedger.Earmark(record.earmarkKind, record.earmarkScope)
        );
        for (uint256 i = uint256(lowest) + 1; i <= uint256(IDemandBook.Level.CRITICAL); ++i) {
            IDemandBook.Level above = IDemandBook.Level(i);
            uint64 left = open[i] - exempt.unitsAt(above);
            if (left != 0) revert OutOfOrder(offerId, lowest, above, left);
        }
    }

    /// @dev Lines and exemptions are both ascending by offer: one walk over both.
    function _requireOrderOfAll(
        Line[] calldata lines,
        IDemandBook.Level[] memory levels,
        Exemption[] calldata exemptions
    ) private view {
        uint256 next;
        for (uint256 i; i < lines.length;) {
            uint64 offerId = lines[i].offer;
            IDemandBook.Level lowest = levels[i];
            for (++i; i < lines.length && lines[i].offer == offerId; ++i) {
                if (levels[i] < lowest) lowest = levels[i];
            }
            uint256 exempt;
            for (; next < exemptions.length && exemptions[next].offer == offerId; ++next) {
                if (next != 0) _requireAscending(next, exemptions[next - 1], exemptions[next]);
                exempt = _exempt(exempt, offerId, exemptions[next].demand);
            }
            _requireOrder(offerId, lowest, exempt);
        }
        // What is left over names an offer that no line uses, or stands out of order.
        if (next < exemptions.length) {
            if (next != 0) _requireAscending(next, exemptions[next - 1], exemptions[next]);
            revert NotExempt(exemptions[next].offer, exemptions[next].demand);
        }
    }

    function _requireAscending(
        uint256 index,
        Exemption calldata before,
        Exemption calldata exemption
    ) private pure {
        if (
            exemption.offer < before.offer
                || (exemption.offer == before.offer && exemption.demand <= before.demand)
        ) {
            revert ExemptionNotAscending(index, exemption.offer, exemption.demand);
        }
    }

    /// @dev Adds the open units of a demand that counts in the offer's scope and that the offer cannot serve.
    function _exempt(uint256 exempt, uint64 offerId, uint64 demandId)
        private
        view
        returns (uint256)
    {
        IDemandBook.Prospect memory prospect =
            demandBook.prospectOf(demandId, _goodsOf(_describe(_offers[offerId])));
        if (
            prospect.level == IDemandBook.Level.NULL
                || prospect.fit != IDemandBook.Fit.ENDS_TOO_SOON
        ) {
            revert NotExempt(offerId, demandId);
        }
        return exempt.plus(prospect.level, prospect.open);
    }

    /// @dev Released from the quarantine in which it was delivered.
    function _isInUse(IMaterialLedger.ParcelState state) private pure returns (bool) {
        return state == IMaterialLedger.ParcelState.DELIVERED
            || state == IMaterialLedger.ParcelState.DISTRIBUTED
            || state == IMaterialLedger.ParcelState.MERGED;
    }

    // --- own writes ---

    function _offer(address holder, uint64 parcelId, uint40 until)
        private
        returns (uint64 id, Offer memory made)
    {
        if (until <= block.timestamp) revert BadOfferEnd(until);
        id = ++offerCount;
        _offers[id] = OfferRecord({
            holder: holder, until: until, status: OfferStatus.OPEN, parcel: uint48(parcelId)
        });
        made = _describe(_offers[id]);
        emit OfferMade(
            id,
            holder,
            made.material,
            parcelId,
            made.units,
            until,
            IMaterialLedger.Earmark(made.earmarkKind, made.earmarkScope)
        );
        // Refuses unless `holder` holds it, at rest, neither expired nor recalled.
        ledger.offer(parcelId, holder);
    }

    function _endOffer(uint64 id, OfferRecord storage record, OfferStatus status)
        private
        returns (uint64 units)
    {
        IMaterialLedger.Parcel memory parcel = ledger.parcel(record.parcel);
        units = parcel.units;
        record.status = status;
        emit OfferEnded(id, status, units);
        ledger.withdraw(record.parcel);
    }

    /// @dev One line under the order of urgency.
    function _fulfil(Line memory line) private returns (uint64 allocationId) {
        Group memory group = _group(line.offer, 0, 1);
        group.demands[0] = line.demand;
        group.units[0] = line.units;
        uint64[] memory ids = new uint64[](1);
        IDemandBook.Level[] memory levels = new IDemandBook.Level[](1);
        _allocate(group, ids, levels);
        _requireOrder(line.offer, levels[0], 0);
        return ids[0];
    }

    function _allocateAll(Line[] calldata lines)
        private
        returns (uint64[] memory ids, IDemandBook.Level[] memory levels, Score memory score)
    {
        ids = new uint64[](lines.length);
        levels = new IDemandBook.Level[](lines.length);
        for (uint256 i; i < lines.length;) {
            uint64 offerId = lines[i].offer;
            uint256 end = i + 1;
            while (end < lines.length && lines[end].offer == offerId) ++end;
            Group memory group = _group(offerId, i, end - i);
            for (; i < end; ++i) {
                Line calldata line = lines[i];
                if (i != 0) _requireNext(i, lines[i - 1], line);
                group.demands[i - group.first] = line.demand;
                group.units[i - group.first] = line.units;
            }
            Score memory won = _allocate(group, ids, levels);
            score.weighted += won.weighted;
            score.stockSeconds += won.stockSeconds;
        }
    }

    function _requireNext(uint256 index, Line calldata before, Line calldata line) private pure {
        if (
            line.offer < before.offer
                || (line.offer == before.offer && line.demand <= before.demand)
        ) {
            revert LineNotAscending(index, line.offer, line.demand);
        }
    }

    function _group(uint64 offerId, uint256 first, uint256 count)
        private
        pure
        returns (Group memory)
    {
        return Group({
            offer: offerId, first: first, demands: new uint64[](count), units: new uint64[](count)
        });
    }

    /// @dev Checks the lines of one offer and carries them out; the order of urgency is for the caller to check, once all lines are in.
    /// Writes the allocations and their levels from the group's first line on.
    function _allocate(Group memory group, uint64[] memory ids, IDemandBook.Level[] memory levels)
        private
        returns (Score memory score)
    {
        uint64 offerId = group.offer;
        Offer memory record = _describe(_openOffer(offerId));
        if (block.timestamp >= record.until) revert OfferNotOpen(offerId, OfferStatus.EXPIRED);
        uint64 left = _requireEnough(group, record.units);
        IDemandBook.Prospect[] memory prospects = _serve(group, record);

        for (uint256 i; i < group.demands.length; ++i) {
            uint64 units = group.units[i];
            IDemandBook.Level level = prospects[i].level;
            // Book and ledger are ours and call nobody back: the ledger's answer belongs to the record.
            uint64 parcel = ledger.allocate(record.parcel, units);
            uint64 id = ++allocationCount;
            _allocations[id] = Allocation({
                demand: group.demands[i],
                offer: offerId,
                parcel: parcel,
                units: units,
                at: uint40(block.timestamp),
                status: AllocationStatus.ALLOCATED,
                level: level,
                consignment: 0,
                freight: 0
            });
            emit Allocated(id, offerId, group.demands[i], parcel, units, level);
            ids[group.first + i] = id;
            levels[group.first + i] = level;
            score.weighted += units * Urgency.weightOf(level);
            uint256 dailyUse = prospects[i].dailyUse;
            if (dailyUse != 0) score.stockSeconds += uint256(units) * 1 days / dailyUse;
        }
        if (left == 0) {
            _offers[offerId].status = OfferStatus.USED;
            emit OfferEnded(offerId, OfferStatus.USED, 0);
        }
    }

    /// @dev Returns what the offer has left when the lines are served.
    function _requireEnough(Group memory group, uint64 offered) private pure returns (uint64 left) {
        left = offered;
        for (uint256 i; i < group.units.length; ++i) {
            uint64 units = group.units[i];
            if (units == 0) revert ZeroUnits();
            if (units > left) revert LineTooManyUnits(group.first + i, units, left);
            left -= units;
        }
    }

    /// @dev Has the book serve the lines' demands, and says in the line's terms why it did not.
    function _serve(Group memory group, Offer memory record)
        private
        returns (IDemandBook.Prospect[] memory prospects)
    {
        prospects = demandBook.serve(_goodsOf(record), group.demands, group.units);
        for (uint256 i; i < prospects.length; ++i) {
            IDemandBook.Prospect memory prospect = prospects[i];
            if (prospect.level != IDemandBook.Level.NULL) continue;
            uint256 index = group.first + i;
            uint64 demand = group.demands[i];
            if (prospect.fit == IDemandBook.Fit.OTHER_MATERIAL) {
                revert LineWrongMaterial(index, group.offer, demand);
            }
            if (prospect.fit == IDemandBook.Fit.OUT_OF_EARMARK) {
                revert LineEarmark(index, group.offer, demand);
            }
            if (prospect.fit == IDemandBook.Fit.ENDS_TOO_SOON) {
                revert LineExpired(index, group.offer, record.expiry);
            }
            if (group.units[i] > prospect.open) {
                revert LineTooManyUnits(index, group.units[i], prospect.open);
            }
            revert LineUnaudited(index, demand);
        }
    }

    /// @dev The units and what their booking took of the freight budget go back to the demand.
    function _giveBack(Allocation storage record, bool byFault) private {
        demandBook.reopen(record.demand, record.units, record.freight, byFault);
    }
}
