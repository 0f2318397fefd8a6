// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {IDemandEscrow} from "../../interfaces/IDemandEscrow.sol";
import {ILapsingPause} from "../../interfaces/ILapsingPause.sol";
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

    /// @dev What an offer adds to its parcel. It is OPEN until it is ended, or its parcel itself is booked. Ids are counted from 1: 48 bits
    /// hold those of parcels, demands and offers, 40 those of consignments.
    struct OfferRecord {
        address holder; // slot 0
        uint40 until;
        OfferStatus status;
        uint48 parcel;
    }

    /// @dev An allocation. While it is ALLOCATED its units are promised of the offer's parcel.
    struct AllocationRecord {
        uint48 demand; // slot 0
        uint48 offer;
        uint56 units;
        uint40 at;
        AllocationStatus status;
        uint8 level;
        bool byHolder;
        uint40 consignment;
    }

    /// @dev What its booking added: a parcel other than the offer's own, what the fund paid, units that did not arrive. Most have none of them.
    struct BookingRecord {
        uint48 parcel; // slot 0
        uint128 freight;
        uint56 short;
    }

    /// @dev What became of a booked parcel: how the consignment ended for it and as a whole, and its present state.
    struct Arrival {
        IMaterialLedger.ParcelState state;
        IMaterialLedger.ParcelState ofLoad;
        IMaterialLedger.ParcelState present;
        bool isInUse;
        uint64 setAside;
        uint64 lot;
    }

    /// @dev Lines of one offer, the first of which is the batch's `first`.
    struct Group {
        uint64 offer;
        bool byHolder;
        IDemandBook.Level lowest;
        uint256 first;
        uint64[] demands;
        uint64[] units;
        uint256 sum;
        IDemandBook.Goods goods;
    }

    /// @dev What a batch has won so far, and the id of its next allocation.
    struct Tally {
        uint256 next;
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

    mapping(uint64 id => AllocationRecord) private _allocations;

    mapping(uint64 allocationId => BookingRecord) private _bookings;

    mapping(address solver => SolverRecord) private _solvers;

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
    function offerRecord(uint64 id) external view returns (Offer memory whole) {
        OfferRecord storage record = _knownOffer(id);
        IMaterialLedger.Stock memory stock = ledger.stockOf(record.parcel);
        whole.holder = record.holder;
        whole.until = record.until;
        whole.status = record.status;
        whole.parcel = record.parcel;
        if (whole.status == OfferStatus.OPEN) {
            whole.units = _offeredOf(stock);
            if (_isUsed(stock)) whole.status = OfferStatus.USED;
        }
        whole.material = stock.material;
        whole.expiry = stock.expiry;
        whole.earmarkKind = stock.earmarkKind;
        whole.earmarkScope = stock.earmarkScope;
    }

    /// @inheritdoc IDemandEscrow
    function allocation(uint64 id) external view returns (Allocation memory whole) {
        AllocationRecord storage record = _knownAllocation(id);
        whole.demand = record.demand;
        whole.offer = record.offer;
        whole.units = record.units;
        whole.at = record.at;
        whole.status = record.status;
        whole.level = IDemandBook.Level(record.level);
        whole.byHolder = record.byHolder;
        whole.consignment = record.consignment;
        if (whole.consignment != 0) {
            whole.parcel = _parcelOf(id, record);
            whole.freight = _bookings[id].freight;
        }
    }

    /// @inheritdoc IDemandEscrow
    function solverRecord(address solver) external view returns (SolverRecord memory) {
        return _solvers[solver];
    }

    /// @inheritdoc IDemandEscrow
    function stationOf(uint64 allocationId) external view returns (uint32) {
        return demandBook.stationOf(_knownAllocation(allocationId).demand);
    }

    // --- holders of goods ---

    /// @inheritdoc IDemandEscrow
    function offer(uint64 parcelId, uint40 until) external whenOpen returns (uint64 offerId) {
        IMaterialLedger.Stock memory stock = ledger.stockOf(parcelId);
        if (isTakenBack[stock.lot]) revert LotTakenBack(stock.lot);
        return _offer(msg.sender, parcelId, until, stock);
    }

    /// @inheritdoc IDemandEscrow
    function offerFor(address holder, uint64 parcelId, uint40 until)
        external
        whenOpen
        onlyWriter(donationRegistry)
        returns (uint64 offerId)
    {
        return _offer(holder, parcelId, until, ledger.stockOf(parcelId));
    }

    /// @inheritdoc IDemandEscrow
    function offerTo(address holder, uint64 parcelId, uint40 until, uint64 demandId)
        external
        whenOpen
        onlyWriter(donationRegistry)
        returns (uint64 offerId, uint64 allocationId)
    {
        IMaterialLedger.Stock memory stock = ledger.stockOf(parcelId);
        offerId = _offer(holder, parcelId, until, stock);
        uint64 units = demandBook.prospectOf(demandId, _goodsOf(stock)).open;
        if (units > stock.units) units = stock.units;
        allocationId = _fulfil(offerId, demandId, units);
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
            IMaterialLedger.Stock memory stock = ledger.stockOf(record.parcel);
            if (stock.lot != lotId) revert NotOfLot(offers[i], lotId);
            units += stock.units;
            _endOffer(offers[i], record, OfferStatus.TAKEN_BACK, stock.units);
        }
    }

    /// @inheritdoc IDemandEscrow
    function withdrawOffer(uint64 offerId) external {
        OfferRecord storage record = _openOffer(offerId);
        if (record.holder != msg.sender) revert NotHolder(offerId, msg.sender);
        _endOffer(offerId, record, OfferStatus.WITHDRAWN, ledger.stockOf(record.parcel).units);
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
        return _fulfil(offerId, demandId, units);
    }

    // --- solvers ---

    /// @inheritdoc IDemandEscrow
    function propose(Proposal calldata proposal) external whenOpen returns (uint64 first) {
        registry.requireActive(msg.sender, IParticipantRegistry.Role.SOLVER);
        if (proposal.lines.length == 0) revert EmptyProposal();
        _requireFew(proposal.lines.length);
        _requireFew(proposal.exemptions.length);

        if (proposal.lapse.length != 0) demandBook.bringUpToDate(proposal.lapse);
        Group[] memory groups = _grouped(proposal.lines);
        first = allocationCount + 1;
        Tally memory tally = _allocateAll(groups);
        _requireOrderOfAll(groups, proposal.exemptions);
        // No demand has more than 10^12 units and no batch more than 100 lines: as many batches as can be counted do not overflow the sums.
        SolverRecord storage record = _solvers[msg.sender];
        record.batches += 1;
        record.lines += uint40(proposal.lines.length);
        record.weighted += uint88(tally.weighted);
        record.stockSeconds += uint96(tally.stockSeconds);
        emit ProposalAccepted(
            ++proposalCount, msg.sender, proposal.lines.length, tally.weighted, tally.stockSeconds
        );
    }

    // --- anyone ---

    /// @inheritdoc IDemandEscrow
    function lapseOffer(uint64 offerId) external {
        OfferRecord storage record = _openOffer(offerId);
        if (block.timestamp < record.until) revert NotLapsed(offerId, record.until);
        _endOffer(offerId, record, OfferStatus.EXPIRED, ledger.stockOf(record.parcel).units);
    }

    /// @inheritdoc IDemandEscrow
    function release(uint64 allocationId) external {
        AllocationRecord storage record = _knownAllocation(allocationId);
        AllocationStatus status = record.status;
        if (status == AllocationStatus.ALLOCATED) {
            uint40 until = record.at + BOOKING_WINDOW;
            if (block.timestamp < until) revert BookingWindowOpen(allocationId, until);
        } else if (status == AllocationStatus.BOOKED) {
            // A booked parcel at rest as ALLOCATED: its consignment was cancelled before pick-up.
            IMaterialLedger.Parcel memory parcel = ledger.parcel(_parcelOf(allocationId, record));
            if (parcel.state != IMaterialLedger.ParcelState.ALLOCATED || parcel.consignment != 0) {
                revert FreightStillRuns(allocationId);
            }
        } else {
            revert AllocationWrongStatus(allocationId, status);
        }

        record.status = AllocationStatus.RELEASED;
        emit AllocationReleased(allocationId, record.units);
        if (status == AllocationStatus.BOOKED) {
            _reopen(allocationId, record, false);
            ledger.release(_parcelOf(allocationId, record));
        } else {
            _reopen(allocationId, record, _isRecipientsFault(record));
            OfferRecord storage source = _offers[record.offer];
            ledger.deallocate(source.parcel, record.units, source.status == OfferStatus.OPEN);
        }
    }

    /// @inheritdoc IDemandEscrow
    function reportFailed(uint64 allocationId) external {
        (AllocationRecord storage record, Arrival memory arrival) = _arrivalOf(allocationId);
        IMaterialLedger.ParcelState state = arrival.state;
        bool isFailed = state == IMaterialLedger.ParcelState.LOST
            || state == IMaterialLedger.ParcelState.RETURNED
            || (state == IMaterialLedger.ParcelState.QUARANTINED && !arrival.isInUse);
        if (!isFailed) revert ParcelNotFailed(allocationId, arrival.present);

        record.status = AllocationStatus.FAILED;
        emit AllocationFailed(allocationId, record.units, state);
        // By the recipient, at its door; what carriers refuse on the way is not its fault.
        bool isRefused = state == IMaterialLedger.ParcelState.RETURNED && arrival.ofLoad == state;
        _reopen(allocationId, record, isRefused);
    }

    /// @inheritdoc IDemandEscrow
    function reportShort(uint64 allocationId) external {
        (AllocationRecord storage record, Arrival memory arrival) = _arrivalOf(allocationId);
        if (_short(allocationId, record, arrival.setAside) == 0) revert NothingShort(allocationId);
    }

    /// @inheritdoc IDemandEscrow
    function reportReceived(uint64[] calldata allocations) external {
        _requireFew(allocations.length);
        for (uint256 i; i < allocations.length; ++i) {
            uint64 id = allocations[i];
            (AllocationRecord storage record, Arrival memory arrival) = _arrivalOf(id);
            bool isReceived = arrival.state == IMaterialLedger.ParcelState.DELIVERED
                || (arrival.state == IMaterialLedger.ParcelState.QUARANTINED && arrival.isInUse);
            if (!isReceived) revert ParcelNotReceived(id, arrival.present);

            _short(id, record, arrival.setAside);
            record.status = AllocationStatus.RECEIVED;
            emit AllocationReceived(id, record.units);
            demandBook.countReceived(record.demand, arrival.lot, record.units);
        }
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
            AllocationRecord storage record = _bookable(id);
            (uint128 taken, address served) = demandBook.takeBudget(record.demand, left);
            if (i == 0) recipient = served;
            else if (served != recipient) revert DifferentRecipients(id, served);
            _requirePayer(id, record, served, payer);

            record.status = AllocationStatus.BOOKED;
            record.consignment = uint40(consignment);
            left -= taken;
            parcels[i] = _redeem(id, record, taken);
            emit AllocationBooked(id, consignment, parcels[i]);
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

    function _knownAllocation(uint64 id) private view returns (AllocationRecord storage record) {
        record = _allocations[id];
        if (record.status == AllocationStatus.NULL) revert UnknownAllocation(id);
    }

    function _bookable(uint64 id) private view returns (AllocationRecord storage record) {
        record = _knownAllocation(id);
        if (record.status != AllocationStatus.ALLOCATED) {
            revert AllocationWrongStatus(id, record.status);
        }
        uint40 until = record.at + BOOKING_WINDOW;
        if (block.timestamp >= until) revert BookingWindowOver(id, until);
    }

    function _arrivalOf(uint64 id)
        private
        view
        returns (AllocationRecord storage record, Arrival memory arrival)
    {
        record = _knownAllocation(id);
        if (record.status != AllocationStatus.BOOKED) {
            revert AllocationWrongStatus(id, record.status);
        }
        uint64 parcel = _parcelOf(id, record);
        (arrival.state, arrival.ofLoad, arrival.setAside) =
            ledger.outcomeOf(parcel, record.consignment);
        IMaterialLedger.Stock memory stock = ledger.stockOf(parcel);
        arrival.lot = stock.lot;
        arrival.present = stock.state;
        // Released from the quarantine in which it was delivered.
        arrival.isInUse = stock.state == IMaterialLedger.ParcelState.DELIVERED
            || stock.state == IMaterialLedger.ParcelState.DISTRIBUTED
            || stock.state == IMaterialLedger.ParcelState.MERGED;
    }

    /// @dev Of an allocation that was booked.
    function _parcelOf(uint64 id, AllocationRecord storage record) private view returns (uint64) {
        uint48 parcel = _bookings[id].parcel;
        return parcel == 0 ? _offers[record.offer].parcel : parcel;
    }

    /// @dev That nobody booked in time is the fault of neither who did not choose the goods nor who may not have been able to book.
    function _isRecipientsFault(AllocationRecord storage record) private view returns (bool) {
        return !record.byHolder && !_mayHavePaused(freightEscrow, record.at)
            && !_mayHavePaused(reliefFund, record.at);
    }

    /// @dev True when a room's last pause may have touched the booking window that began at `from`. A pause that was ended early does not tell when it
    /// began: it is taken to have been as long as can be. A room that does not stand yet was never paused.
    function _mayHavePaused(address room, uint40 from) private view returns (bool) {
        if (room.code.length == 0) return false;
        uint40 until = ILapsingPause(room).pausedUntil();
        return until > from && until < from + BOOKING_WINDOW + MAX_PAUSE;
    }

    function _requirePayer(
        uint64 id,
        AllocationRecord storage record,
        address recipient,
        address payer
    ) private view {
        if (payer == recipient || payer == reliefFund) return;
        uint64 lot = ledger.stockOf(_offers[record.offer].parcel).lot;
        if (payer != ledger.lot(lot).maker) revert NotPayer(id, payer);
    }

    function _requireFew(uint256 given) private pure {
        if (given > MAX_LINES) revert TooManyLines(given, MAX_LINES);
    }

    /// @dev What can be allocated of a parcel offered, or HELD as the offer is made: nothing while it is stopped by a quarantine.
    function _offeredOf(IMaterialLedger.Stock memory stock) private pure returns (uint64) {
        bool isThere = stock.state == IMaterialLedger.ParcelState.OFFERED
            || stock.state == IMaterialLedger.ParcelState.HELD;
        return isThere ? stock.units : 0;
    }

    /// @dev Whether all of an open offer is allocated.
    function _isUsed(IMaterialLedger.Stock memory stock) private pure returns (bool) {
        return stock.state == IMaterialLedger.ParcelState.OFFERED && stock.units == 0;
    }

    function _goodsOf(IMaterialLedger.Stock memory stock)
        private
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
            if (left != 0) revert OutOfOrder(group.offer, group.lowest, above, left);
        }
    }

    /// @dev Groups and exemptions are both ascending by offer: one walk over both.
    function _requireOrderOfAll(Group[] memory groups, Exemption[] calldata exemptions)
        private
        view
    {
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
            revert NotExempt(group.offer, demandId);
        }
        return exempt.plus(prospect.level, prospect.open);
    }

    /// @dev The lines by offer, in a batch that must be ascending.
    function _grouped(Line[] calldata lines) private pure returns (Group[] memory groups) {
        uint256 count;
        uint256 before;
        for (uint256 i; i < lines.length; ++i) {
            Line calldata line = lines[i];
            uint256 key = (uint256(line.offer) << 64) | line.demand;
            if (i != 0 && key <= before) revert LineNotAscending(i, line.offer, line.demand);
            if (i == 0 || key >> 64 != before >> 64) ++count;
            before = key;
        }
        groups = new Group[](count);
        uint256 first;
        for (uint256 k; k < count; ++k) {
            uint64 offerId = lines[first].offer;
            uint256 end = first + 1;
            while (end < lines.length && lines[end].offer == offerId) ++end;
            groups[k] = _group(offerId, first, lines[first:end]);
            first = end;
        }
    }

    function _group(uint64 offerId, uint256 first, Line[] calldata lines)
        private
        pure
        returns (Group memory group)
    {
        uint64[] memory demands = new uint64[](lines.length);
        uint64[] memory amounts = new uint64[](lines.length);
        uint256 sum;
        for (uint256 i; i < lines.length; ++i) {
            Line calldata line = lines[i];
            uint64 units = line.units;
            if (units == 0) revert ZeroUnits();
            (demands[i], amounts[i]) = (line.demand, units);
            sum += units;
        }
        group.offer = offerId;
        group.first = first;
        (group.demands, group.units, group.sum) = (demands, amounts, sum);
    }

    /// @dev Names the line with which the offer was used up.
    function _refuseBeyond(Group memory group, uint64 left) private pure {
        for (uint256 i;; ++i) {
            uint64 units = group.units[i];
            if (units > left) revert LineTooManyUnits(group.first + i, units, left);
            left -= units;
        }
    }

    // --- own writes ---

    function _offer(
        address holder,
        uint64 parcelId,
        uint40 until,
        IMaterialLedger.Stock memory stock
    ) private returns (uint64 id) {
        if (until <= block.timestamp) revert BadOfferEnd(until);
        id = ++offerCount;
        _offers[id] = OfferRecord({
            holder: holder, until: until, status: OfferStatus.OPEN, parcel: uint48(parcelId)
        });
        emit OfferMade(
            id,
            holder,
            stock.material,
            parcelId,
            stock.units,
            until,
            IMaterialLedger.Earmark(stock.earmarkKind, stock.earmarkScope)
        );
        // Refuses unless `holder` holds it, at rest, neither expired nor recalled.
        ledger.offer(parcelId, holder);
    }

    function _endOffer(uint64 id, OfferRecord storage record, OfferStatus status, uint64 units)
        private
    {
        record.status = status;
        emit OfferEnded(id, status, units);
        ledger.withdraw(record.parcel);
    }

    /// @dev One line under the order of urgency, by the holder's choice.
    function _fulfil(uint64 offerId, uint64 demandId, uint64 units)
        private
        returns (uint64 allocationId)
    {
        if (units == 0) revert ZeroUnits();
        Group[] memory groups = new Group[](1);
        Group memory group = groups[0];
        group.offer = offerId;
        group.byHolder = true;
        (group.demands, group.units, group.sum) = (new uint64[](1), new uint64[](1), units);
        (group.demands[0], group.units[0]) = (demandId, units);
        allocationId = allocationCount + 1;
        _allocateAll(groups);
        _requireOrder(group, 0);
    }

    /// @dev Checks the lines and carries them out; the order of urgency is for the caller to check, once all are in.
    function _allocateAll(Group[] memory groups) private returns (Tally memory tally) {
        tally.next = allocationCount + 1;
        for (uint256 k; k < groups.length; ++k) {
            _allocate(groups[k], tally);
        }
        allocationCount = uint64(tally.next - 1);
    }

    /// @dev Book and ledger are ours and call nobody back: their answers belong to the record.
    function _allocate(Group memory group, Tally memory tally) private {
        OfferRecord storage record = _openOffer(group.offer);
        if (block.timestamp >= record.until) revert OfferNotOpen(group.offer, OfferStatus.EXPIRED);
        uint64 parcel = record.parcel;
        IMaterialLedger.Stock memory stock = ledger.stockOf(parcel);
        if (_isUsed(stock)) revert OfferNotOpen(group.offer, OfferStatus.USED);
        uint64 offered = _offeredOf(stock);
        if (group.sum > offered) _refuseBeyond(group, offered);
        ledger.allocate(parcel, uint64(group.sum));
        group.goods = _goodsOf(stock);
        uint64[] memory demands = group.demands;
        IDemandBook.Prospect[] memory prospects =
            demandBook.serve(group.goods, demands, group.units);

        IDemandBook.Level lowest = IDemandBook.Level.CRITICAL;
        for (uint256 i; i < demands.length; ++i) {
            IDemandBook.Prospect memory prospect = prospects[i];
            if (prospect.level == IDemandBook.Level.NULL) _refuse(group, i, prospect);
            if (prospect.level < lowest) lowest = prospect.level;
            _record(group, i, prospect, tally);
        }
        group.lowest = lowest;
    }

    function _record(
        Group memory group,
        uint256 i,
        IDemandBook.Prospect memory prospect,
        Tally memory tally
    ) private {
        uint64 offerId = group.offer;
        uint64 demand = group.demands[i];
        uint64 units = group.units[i];
        IDemandBook.Level level = prospect.level;
        uint64 id;
        // Ids are counted one by one, and no demand is served more than 10^12 units.
        unchecked {
            id = uint64(tally.next++);
            tally.weighted += units * Urgency.weightOf(level);
            uint256 dailyUse = prospect.dailyUse;
            if (dailyUse != 0) tally.stockSeconds += uint256(units) * 1 days / dailyUse;
        }
        AllocationRecord storage record = _allocations[id];
        record.demand = uint48(demand);
        record.offer = uint48(offerId);
        record.units = uint56(units);
        record.at = uint40(block.timestamp);
        record.status = AllocationStatus.ALLOCATED;
        record.level = uint8(level);
        record.byHolder = group.byHolder;
        emit Allocated(id, offerId, demand, units, level);
    }

    /// @dev Says in the line's terms why the book did not serve it.
    function _refuse(Group memory group, uint256 i, IDemandBook.Prospect memory prospect)
        private
        pure
    {
        uint256 index = group.first + i;
        uint64 demand = group.demands[i];
        if (prospect.fit == IDemandBook.Fit.OTHER_MATERIAL) {
            revert LineWrongMaterial(index, group.offer, demand);
        }
        if (prospect.fit == IDemandBook.Fit.OUT_OF_EARMARK) {
            revert LineEarmark(index, group.offer, demand);
        }
        if (prospect.fit == IDemandBook.Fit.ENDS_TOO_SOON) {
            revert LineExpired(index, group.offer, group.goods.expiry);
        }
        if (group.units[i] > prospect.open) {
            revert LineTooManyUnits(index, group.units[i], prospect.open);
        }
        revert LineUnaudited(index, demand);
    }

    /// @dev Books the goods themselves. The ledger is ours and calls nobody back: its answer belongs to the record.
    function _redeem(uint64 id, AllocationRecord storage record, uint128 freight)
        private
        returns (uint64 parcel)
    {
        OfferRecord storage source = _offers[record.offer];
        parcel = ledger.redeem(source.parcel, record.units);
        bool isOwn = parcel == source.parcel;
        if (!isOwn || freight != 0) {
            _bookings[id] =
                BookingRecord({parcel: isOwn ? 0 : uint48(parcel), freight: freight, short: 0});
        }
        if (isOwn && source.status == OfferStatus.OPEN) {
            source.status = OfferStatus.USED;
            emit OfferEnded(record.offer, OfferStatus.USED, 0);
        }
    }

    /// @dev Opens the demand for what was set aside and not reported yet.
    function _short(uint64 id, AllocationRecord storage record, uint64 setAside)
        private
        returns (uint56 units)
    {
        BookingRecord storage booked = _bookings[id];
        units = uint56(setAside) - booked.short;
        if (units == 0) return 0;
        booked.short += units;
        record.units -= units;
        emit AllocationShort(id, units);
        demandBook.reopen(record.demand, units, 0, false);
    }

    /// @dev The units and what their booking took of the freight budget go back to the demand.
    function _reopen(uint64 id, AllocationRecord storage record, bool byFault) private {
        demandBook.reopen(record.demand, record.units, _bookings[id].freight, byFault);
    }
}
