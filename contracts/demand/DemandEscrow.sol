// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IDemandEscrow} from "../../interfaces/IDemandEscrow.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {LapsingPause} from "../access/LapsingPause.sol";
import {Promise, Promises} from "../libraries/Promises.sol";
import {References} from "../libraries/References.sol";
import {EscrowStore} from "./EscrowStore.sol";
import {OrderOfUrgency} from "./OrderOfUrgency.sol";

/// @title DemandEscrow
/// @notice Offers held in escrow, and allocations that must obey the priority rule.
/// @dev Demands are in DemandBook; here goods meet them. Here offers are made and ended, lines allocated and booked; what becomes of allocations is passed
/// on to the office.
contract DemandEscrow is IDemandEscrow, OrderOfUrgency, LapsingPause {
    /// @inheritdoc IDemandEscrow
    uint40 public constant BOOKING_WINDOW = _BOOKING_WINDOW;

    /// @notice Where participants are looked up.
    IParticipantRegistry public immutable registry;

    /// @notice Who may offer in the name of the holder of a gift.
    address public immutable donationRegistry;

    /// @notice The code of the acts that stand under "the office".
    address public immutable office;

    constructor(
        address accessManager,
        address participantRegistry,
        address materialLedger,
        address demandBook_,
        address freightEscrow_,
        address donationRegistry_,
        address reliefFund_,
        address allocationOffice
    )
        EscrowStore(materialLedger, demandBook_, freightEscrow_, reliefFund_)
        AccessManaged(References.required(accessManager))
    {
        registry = IParticipantRegistry(References.required(participantRegistry));
        donationRegistry = References.required(donationRegistry_);
        office = References.required(allocationOffice);
    }

    modifier onlyWriter(address writer) {
        _requireWriter(writer);
        _;
    }

    // --- reads ---

    /// @inheritdoc IDemandEscrow
    function reliefFund() external view returns (address) {
        return _fund;
    }

    /// @inheritdoc IDemandEscrow
    function offerCount() external view returns (uint64) {
        return _counts.offers;
    }

    /// @inheritdoc IDemandEscrow
    function allocationCount() external view returns (uint64) {
        return _counts.allocations;
    }

    /// @inheritdoc IDemandEscrow
    function proposalCount() external view returns (uint64) {
        return _counts.proposals;
    }

    /// @inheritdoc IDemandEscrow
    function isTakenBack(uint64 lotId) external view returns (bool) {
        return _takenBack[lotId];
    }

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
        Promise allotted = _knownAllocation(id);
        BookingRecord storage booked = _bookings[id];
        whole.demand = allotted.demand();
        whole.offer = allotted.offer();
        whole.units = allotted.units();
        whole.at = allotted.at();
        whole.status = allotted.status();
        whole.level = allotted.level();
        whole.byHolder = allotted.byHolder();
        whole.consignment = booked.consignment;
        whole.freight = booked.freight;
        if (whole.consignment != 0) whole.parcel = _parcelOf(id, allotted);
    }

    /// @inheritdoc IDemandEscrow
    function solverRecord(address solver) external view returns (SolverRecord memory) {
        return _solvers[solver];
    }

    /// @inheritdoc IDemandEscrow
    function stationOf(uint64 allocationId) external view returns (uint32) {
        return demandBook.stationOf(_knownAllocation(allocationId).demand());
    }

    // --- holders of goods ---

    /// @inheritdoc IDemandEscrow
    function offer(uint64 parcelId, uint40 until) external whenOpen returns (uint64 offerId) {
        IMaterialLedger.Stock memory stock = ledger.stockOf(parcelId);
        if (_takenBack[stock.lot]) revert LotTakenBack(stock.lot);
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
        _takenBack[lotId] = true;
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
        first = _counts.allocations + 1;
        Tally memory tally = _allocateBatch(proposal.lines, proposal.exemptions);
        // No demand has more than 10^12 units and no batch more than 100 lines: as many batches as can be counted do not overflow the sums.
        SolverRecord storage record = _solvers[msg.sender];
        record.batches += 1;
        record.lines += uint40(proposal.lines.length);
        record.weighted += uint88(tally.weighted);
        record.stockSeconds += uint96(tally.stockSeconds);
        emit ProposalAccepted(
            ++_counts.proposals,
            msg.sender,
            proposal.lines.length,
            tally.weighted,
            tally.stockSeconds
        );
    }

    // --- anyone ---

    /// @inheritdoc IDemandEscrow
    function lapseOffer(uint64 offerId) external {
        OfferRecord storage record = _openOffer(offerId);
        if (block.timestamp < record.until) revert NotLapsed(offerId, record.until);
        _endOffer(offerId, record, OfferStatus.EXPIRED, ledger.stockOf(record.parcel).units);
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
        uint128 left = payer == _fund ? freight : 0;
        for (uint256 i; i < count; ++i) {
            uint64 id = allocations[i];
            Promise allotted = _bookable(id);
            (uint128 taken, address served) = demandBook.takeBudget(allotted.demand(), left);
            if (i == 0) recipient = served;
            else if (served != recipient) revert DifferentRecipients(id, served);
            _requirePayer(id, allotted, served, payer);

            _keep(id, allotted.withStatus(AllocationStatus.BOOKED));
            left -= taken;
            parcels[i] = _redeem(id, allotted, consignment, taken);
            emit AllocationBooked(id, consignment, parcels[i]);
        }
        if (left != 0) {
            uint64 last = count == 0 ? 0 : _knownAllocation(allocations[count - 1]).demand();
            revert BudgetExceeded(last, freight, freight - left);
        }
    }

    // --- the office: what becomes of allocations ---

    /// @inheritdoc IDemandEscrow
    function release(uint64) external {
        _toOffice();
    }

    /// @inheritdoc IDemandEscrow
    function reportFailed(uint64) external {
        _toOffice();
    }

    /// @inheritdoc IDemandEscrow
    function reportShort(uint64) external {
        _toOffice();
    }

    /// @inheritdoc IDemandEscrow
    function reportReceived(uint64[] calldata) external {
        _toOffice();
    }

    // --- own reads ---

    function _requireWriter(address writer) private view {
        if (msg.sender != writer) revert NotWriter(msg.sender);
    }

    function _bookable(uint64 id) private view returns (Promise allotted) {
        allotted = _allocationIn(AllocationStatus.ALLOCATED, id);
        uint40 until = allotted.at() + BOOKING_WINDOW;
        if (block.timestamp >= until) revert BookingWindowOver(id, until);
    }

    function _requirePayer(uint64 id, Promise allotted, address recipient, address payer)
        private
        view
    {
        if (payer == recipient || payer == _fund) return;
        uint64 lot = ledger.stockOf(_offers[allotted.offer()].parcel).lot;
        if (payer != ledger.lot(lot).maker) revert NotPayer(id, payer);
    }

    // --- own writes ---

    function _offer(
        address holder,
        uint64 parcelId,
        uint40 until,
        IMaterialLedger.Stock memory stock
    ) private returns (uint64 id) {
        if (until <= block.timestamp) revert BadOfferEnd(until);
        id = ++_counts.offers;
        if (id > Promises.MAX_ID) revert NoIdLeft(id);
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

    /// @dev Books the goods themselves. The ledger is ours and calls nobody back: its answer belongs to the record.
    function _redeem(uint64 id, Promise allotted, uint64 consignment, uint128 freight)
        private
        returns (uint64 parcel)
    {
        OfferRecord storage source = _offers[allotted.offer()];
        parcel = ledger.redeem(source.parcel, allotted.units());
        bool isOwn = parcel == source.parcel;
        _bookings[id] = BookingRecord({
            parcel: isOwn ? 0 : uint48(parcel),
            freight: freight,
            short: 0,
            consignment: uint40(consignment)
        });
        if (isOwn && source.status == OfferStatus.OPEN) {
            source.status = OfferStatus.USED;
            emit OfferEnded(allotted.offer(), OfferStatus.USED, 0);
        }
    }

    /// @dev Runs the office's function of the same name, which answers the caller itself.
    function _toOffice() private {
        address target = office;
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), target, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(done) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}
