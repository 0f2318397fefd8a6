// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IConditionMonitor} from "../../interfaces/IConditionMonitor.sol";
import {IDemandEscrow} from "../../interfaces/IDemandEscrow.sol";
import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {IFreightHolds} from "../../interfaces/IFreightHolds.sol";
import {ILogisticsCurrency} from "../../interfaces/ILogisticsCurrency.sol";
import {ILogisticsNetwork} from "../../interfaces/ILogisticsNetwork.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {BookingWords} from "../libraries/BookingWords.sol";
import {FreightHashes} from "../libraries/FreightHashes.sol";
import {References} from "../libraries/References.sol";
import {ConsignmentBook} from "./ConsignmentBook.sol";
import {FreightChecker} from "./FreightChecker.sol";

/// @title FreightOffice
/// @notice Where consignments are booked, refused on the way, held in dispute; and the purses.
/// @dev Code of `FreightEscrow`, which is too large for one contract: the escrow runs it by delegatecall, in its own storage, with the caller's own
/// sender. Called directly it knows no consignment and holds no money.
contract FreightOffice is ConsignmentBook {
    using FreightHashes for *;
    using SafeERC20 for ILogisticsCurrency;

    /// @notice Where hours are kept.
    ILogisticsNetwork public immutable network;
    /// @notice Whose allocations are carried.
    IDemandEscrow public immutable demandEscrow;
    /// @notice What may be booked.
    FreightChecker public immutable checker;

    constructor(
        address accessManager,
        address registry,
        address ledger,
        address currency,
        address monitor,
        address disputeDesk,
        address network_,
        address demandEscrow_,
        address checker_
    ) ConsignmentBook(accessManager, registry, ledger, currency, monitor, disputeDesk) {
        network = ILogisticsNetwork(References.required(network_));
        demandEscrow = IDemandEscrow(References.required(demandEscrow_));
        checker = FreightChecker(References.required(checker_));
    }

    // --- purses ---

    /// @notice See `IFreightEscrow.fillPurse`.
    function fillPurse(uint128 amount, IFreightEscrow.Permit calldata permit) external whenOpen {
        if (amount == 0) revert IFreightEscrow.ZeroAmount();
        _purses[msg.sender].free += amount;
        emit IFreightEscrow.PurseFilled(msg.sender, amount);
        _usePermit(msg.sender, permit);
        currency.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice See `IFreightEscrow.emptyPurse`.
    function emptyPurse(uint128 amount) external {
        if (amount == 0) revert IFreightEscrow.ZeroAmount();
        _take(msg.sender, amount);
        emit IFreightEscrow.PurseEmptied(msg.sender, amount);
        currency.safeTransfer(msg.sender, amount);
    }

    // --- anyone, with the signatures of those who book ---

    /// @notice See `IFreightEscrow.book`.
    function book(
        IFreightEscrow.Booking calldata booking,
        IFreightEscrow.BookingSignatures calldata,
        IFreightEscrow.Permit calldata permit
    ) external whenOpen returns (uint64 id) {
        bytes32 order = _check();
        if (_ids[order] != 0) revert IFreightEscrow.BookingUsed(order);

        uint128 freight = _bond(booking.legs);
        uint128 prepaid = freight + booking.price;
        id = _nextId++;
        _ids[order] = id;
        Record storage record = _records[id];
        record.prepaid = prepaid;
        // Not after the first latest arrival, which lies within the horizon.
        record.pickUpWithin = uint24(booking.pickUpBy - uint40(block.timestamp));
        record.status = IFreightEscrow.Status.BOOKED;
        record.legCount = uint8(booking.legs.length);
        _tellBooked(id, order, prepaid, booking);

        _usePermit(booking.payer, permit);
        currency.safeTransferFrom(booking.payer, address(this), prepaid);
        _engage(id, order, freight, booking);
    }

    // --- who refuses ---

    /// @notice See `IFreightEscrow.refuseHandover`.
    function refuseHandover(IFreightEscrow.Refusal calldata refusal, bytes calldata signature)
        external
    {
        uint64 id = refusal.consignment;
        _knownAs(id, IFreightEscrow.Status.BOOKED);
        IMaterialLedger.Stop[] memory route = ledger.routeOf(id);
        uint256 next = 1;
        while (next < route.length && route[next].since != 0) ++next;
        if (next + 1 >= route.length) revert IFreightEscrow.UseDeliver(id);
        address taker = route[next].custodian;
        if (refusal.by != taker) revert IFreightEscrow.WrongParty(id, taker, refusal.by);
        _refuse(id, uint16(next - 1), refusal, signature);
    }

    // --- DisputeDesk ---

    /// @notice See `IFreightHolds.hold`.
    function hold(uint64 id) external {
        _requireDesk();
        Record storage record = _known(id);
        IFreightEscrow.Status status = _statusOf(id, record);
        // Once its load has ended, what can be known of it is known.
        if (
            status == IFreightEscrow.Status.BOOKED || status == IFreightEscrow.Status.CLOSED
                || status == IFreightEscrow.Status.SETTLED
        ) revert IFreightEscrow.WrongStatus(id, status);
        uint8 holds = record.holds + 1;
        record.holds = holds;
        emit IFreightHolds.ConsignmentHeld(id, holds);
    }

    /// @notice See `IFreightHolds.resume`.
    function resume(uint64 id, uint8 leg, uint128 award, bool isAwarded) external {
        _requireDesk();
        Record storage record = _known(id);
        uint8 holds = record.holds;
        if (holds == 0) revert IFreightHolds.NotHeld(id);
        if (leg > record.legCount) revert IFreightEscrow.UnknownLeg(id, leg);
        if (isAwarded) {
            record.flags |= _WAS_AWARDED;
            _awards[id][leg] = Award(award, true);
        }
        record.holds = holds - 1;
        emit IFreightHolds.ConsignmentResumed(id, leg, award, isAwarded, holds - 1);
    }

    // --- internal reads ---

    function _requireDesk() private view {
        if (msg.sender != _DESK) revert IFreightHolds.NotDisputeDesk(msg.sender);
    }

    /// @dev Passes the booking on to the checker as it came, and the caller after it. Returns its struct hash.
    function _check() private view returns (bytes32 order) {
        address target = address(checker);
        bytes4 selector = FreightChecker.checkBooking.selector;
        assembly ("memory-safe") {
            let question := mload(0x40)
            mstore(question, selector)
            calldatacopy(add(question, 4), 4, sub(calldatasize(), 4))
            mstore(add(question, calldatasize()), caller())
            let done := staticcall(gas(), target, question, add(calldatasize(), 0x20), 0, 0x20)
            // No answer is no leave either.
            if iszero(and(done, gt(returndatasize(), 0x1f))) {
                returndatacopy(question, 0, returndatasize())
                revert(question, returndatasize())
            }
            order := mload(0)
        }
    }

    // --- internal writes ---

    /// @dev `emit ConsignmentBooked(id, order, booking.payer, prepaid, booking)`: words as they came, each of which the checker or a room that is
    /// called reads.
    function _tellBooked(
        uint64 id,
        bytes32 order,
        uint128 prepaid,
        IFreightEscrow.Booking calldata booking
    ) private {
        bytes memory told = BookingWords.encode(prepaid, booking);
        bytes32 topic = IFreightEscrow.ConsignmentBooked.selector;
        address payer = booking.payer;
        assembly ("memory-safe") {
            log4(add(told, 0x20), mload(told), topic, id, order, payer)
        }
    }

    /// @dev A permit that somebody else has used up is as good: the allowance decides.
    function _usePermit(address payer, IFreightEscrow.Permit calldata permit) private {
        if (permit.deadline == 0) return;
        try currency.permit(
            payer, address(this), permit.value, permit.deadline, permit.v, permit.r, permit.s
        ) {}
            catch {}
    }

    /// @dev Takes free currency out of a purse.
    function _take(address owner, uint128 amount) private {
        uint128 free = _purses[owner].free;
        if (free < amount) revert IFreightEscrow.PurseTooSmall(owner, free, amount);
        _purses[owner].free = free - amount;
    }

    /// @dev Locks each leg's bond in its carrier's purse. Returns the freight of all.
    function _bond(IFreightEscrow.LegRequest[] calldata legs) private returns (uint128 freight) {
        for (uint256 i; i < legs.length; ++i) {
            freight += legs[i].freight;
            uint128 bond = legs[i].bond;
            if (bond == 0) continue;
            _take(legs[i].carrier, bond);
            _purses[legs[i].carrier].locked += bond;
        }
    }

    /// @dev Takes goods, hours and devices for a consignment.
    function _engage(
        uint64 id,
        bytes32 order,
        uint128 freight,
        IFreightEscrow.Booking calldata booking
    ) private {
        uint64[] memory parcels = booking.parcels;
        if (booking.seller == address(0)) {
            address recipient;
            (parcels, recipient) =
                demandEscrow.take(booking.allocations, id, booking.payer, freight);
            if (recipient != booking.consignee) {
                revert IFreightEscrow.WrongConsignee(booking.consignee, recipient);
            }
        }
        uint64 units = checker.checkGoods(
            id,
            parcels,
            booking.allocations,
            booking.seller,
            booking.legs[0].fromStation,
            booking.legs[booking.legs.length - 1].toStation
        );
        ledger.form(id, parcels, booking.seller, _takers(booking));
        for (uint256 i; i < booking.legs.length; ++i) {
            network.reserve(id, _legBooking(booking.legs[i], booking.terms, units));
        }
        if (booking.devices.length == 0) return;
        monitor.openWatches(id, order, booking.devices, _bandOf(booking.terms), freight);
    }

    /// @dev Each carrier where its leg begins, then the consignee where the last one ends.
    function _takers(IFreightEscrow.Booking calldata booking)
        private
        pure
        returns (IMaterialLedger.Stop[] memory takers)
    {
        uint256 count = booking.legs.length;
        takers = new IMaterialLedger.Stop[](count + 1);
        for (uint256 i; i < count; ++i) {
            takers[i].custodian = booking.legs[i].carrier;
            takers[i].station = booking.legs[i].fromStation;
        }
        takers[count].custodian = booking.consignee;
        takers[count].station = booking.legs[count - 1].toStation;
    }

    function _bandOf(IFreightEscrow.Terms calldata terms)
        private
        pure
        returns (IConditionMonitor.Band memory)
    {
        return IConditionMonitor.Band(
            terms.temperatureMin, terms.temperatureMax, terms.humidityMin, terms.humidityMax
        );
    }

    function _legBooking(
        IFreightEscrow.LegRequest calldata part,
        IFreightEscrow.Terms calldata agreed,
        uint64 units
    ) private pure returns (ILogisticsNetwork.LegBooking memory) {
        return ILogisticsNetwork.LegBooking({
            carrier: part.carrier,
            vehicle: part.vehicle,
            crew: part.crew,
            fromStation: part.fromStation,
            toStation: part.toStation,
            departure: part.departure,
            latestArrival: part.latestArrival,
            units: units,
            temperatureMin: agreed.temperatureMin,
            temperatureMax: agreed.temperatureMax
        });
    }
}
