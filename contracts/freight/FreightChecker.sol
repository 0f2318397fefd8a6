// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IConditionMonitor} from "../../interfaces/IConditionMonitor.sol";
import {IDeliveryEvidence} from "../../interfaces/IDeliveryEvidence.sol";
import {IDemandEscrow} from "../../interfaces/IDemandEscrow.sol";
import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {FreightHashes} from "../libraries/FreightHashes.sol";
import {References} from "../libraries/References.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {SignatureCheck} from "../libraries/SignatureCheck.sol";
import {Telemetry} from "../libraries/Telemetry.sol";

/// @title FreightChecker
/// @notice Says whether what the parties of a consignment have signed may stand, and what its devices prove.
/// @dev Holds nothing and writes nothing; refuses with the errors of IFreightEscrow. The escrow passes a booking on as it came, with who submits it
/// after the arguments: these are the escrow's very bytes, encoded by nobody twice. What is signed is signed for FreightEscrow.
contract FreightChecker is IDeliveryEvidence {
    using FreightHashes for *;
    using Telemetry for *;

    bytes32 private constant _DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant _NAME = keccak256("Aidline FreightEscrow");
    bytes32 private constant _VERSION = keccak256("1");

    address private immutable _ESCROW;
    IParticipantRegistry private immutable _REGISTRY;
    IMaterialLedger private immutable _LEDGER;
    IDemandEscrow private immutable _DEMAND;

    constructor(address freightEscrow, address registry, address ledger, address demandEscrow) {
        _ESCROW = References.required(freightEscrow);
        _REGISTRY = IParticipantRegistry(References.required(registry));
        _LEDGER = IMaterialLedger(References.required(ledger));
        _DEMAND = IDemandEscrow(References.required(demandEscrow));
    }

    // --- bookings ---

    /// @notice Checks the terms, the legs and all signatures of a booking; returns its struct hash.
    /// @dev After the arguments stands who submits it.
    function checkBooking(
        IFreightEscrow.Booking calldata booking,
        IFreightEscrow.BookingSignatures calldata signatures,
        IFreightEscrow.Permit calldata
    ) external view returns (bytes32 order) {
        address caller = abi.decode(msg.data[msg.data.length - 32:], (address));
        bytes32 domain = _domain();
        _checkTerms(booking);
        _checkParties(booking);
        _checkTimes(booking);
        _checkLegs(booking.legs);
        order = booking.hash();
        _requireSigned(domain, caller, booking.payer, order.order(booking.payer), signatures.payer);
        _checkCarriers(domain, caller, order, booking.legs, signatures.carriers);
        if (booking.seller != address(0)) {
            _REGISTRY.requireActive(booking.seller, IParticipantRegistry.Role.SUPPLIER);
            _requireSigned(
                domain, caller, booking.seller, order.saleOf(booking.seller), signatures.seller
            );
        }
        IFreightEscrow.Policy policy = booking.terms.policy;
        bool isByDeviceAlone = policy == IFreightEscrow.Policy.DEVICE
            || policy == IFreightEscrow.Policy.DEVICE_THEN_SILENCE;
        if (isByDeviceAlone) {
            _checkDevicesOfOthers(booking.devices, booking.legs[booking.legs.length - 1].carrier);
        }
        if (booking.household != 0) return order;
        // Whoever could not accept at the end would cost the last carrier its freight.
        _REGISTRY.requireActive(booking.consignee, IParticipantRegistry.Role.RECIPIENT);
        // Or a donor could tie up the demand that it serves with goods that take two months to come.
        bool isByDonor = booking.payer != booking.consignee && booking.payer != _DEMAND.reliefFund();
        if (isByDeviceAlone || isByDonor) {
            _requireSigned(
                domain,
                caller,
                booking.consignee,
                order.consent(booking.consignee, policy),
                signatures.consignee
            );
        }
    }

    /// @notice Checks that the way begins where the parcels rest and ends where they are needed, and that a seller may sell them; returns their units.
    function checkGoods(
        uint64 id,
        uint64[] calldata parcels,
        uint64[] calldata allocations,
        address seller,
        uint32 start,
        uint32 end
    ) external view returns (uint64 units) {
        for (uint256 i; i < parcels.length; ++i) {
            IMaterialLedger.Parcel memory parcel = _LEDGER.parcel(parcels[i]);
            if (parcel.station != start) {
                revert IFreightEscrow.WrongStation(id, parcel.station, start);
            }
            units += parcel.units;
            if (seller != address(0)) {
                // A gift is nobody's to sell.
                bool isGift = _LEDGER.lot(parcel.lot).kind != IMaterialLedger.LotKind.SUPPLY;
                if (isGift || parcel.custodian != seller) {
                    revert IFreightEscrow.NotForSale(parcels[i], seller);
                }
                continue;
            }
            uint32 needed = _DEMAND.stationOf(allocations[i]);
            if (needed != end) revert IFreightEscrow.WrongStation(id, needed, end);
        }
    }

    // --- changes of hands ---

    /// @notice Reverts: says in what a handover differs from the change of custody that it should be.
    function refuseHandover(
        IFreightEscrow.Handover calldata handover,
        IMaterialLedger.Change calldata change
    ) external view {
        uint64 id = handover.consignment;
        if (block.timestamp > handover.deadline) revert IFreightEscrow.Expired(handover.deadline);
        if (handover.sequence != change.sequence) {
            revert IFreightEscrow.WrongSequence(id, change.sequence, handover.sequence);
        }
        if (handover.from != change.from) {
            revert IFreightEscrow.WrongParty(id, change.from, handover.from);
        }
        if (handover.to != change.taker) {
            revert IFreightEscrow.WrongParty(id, change.taker, handover.to);
        }
        if (handover.station != change.station) {
            revert IFreightEscrow.WrongStation(id, change.station, handover.station);
        }
        revert IFreightEscrow.WrongContent(id, change.content, handover.content);
    }

    /// @inheritdoc IDeliveryEvidence
    /// @dev Evidence is `IFreightEscrow.DeviceWord[]`: of one device, or of each where the terms say so.
    function requireProven(Claim calldata claim, bytes calldata evidence) external view {
        uint256 needed = claim.rule == IConditionMonitor.DeviceRule.EACH ? claim.devices.length : 1;
        if (evidence.length == 0) {
            revert IFreightEscrow.DevicesMissing(claim.consignment, 0, needed);
        }
        IFreightEscrow.DeviceWord[] memory words =
            abi.decode(evidence, (IFreightEscrow.DeviceWord[]));
        if (words.length < needed) {
            revert IFreightEscrow.DevicesMissing(claim.consignment, words.length, needed);
        }
        bytes32 domain = _domain();
        uint256 heard;
        for (uint256 i; i < words.length; ++i) {
            uint256 index = _indexOf(claim, words[i].device);
            uint256 bit = 1 << index;
            if (heard & bit != 0) {
                revert IFreightEscrow.WrongDevice(claim.consignment, words[i].device);
            }
            heard |= bit;
            _checkArrival(domain, claim, words[i], claim.told[index]);
        }
    }

    // --- outcomes ---

    /// @notice See `IFreightEscrow.breachesOf`.
    function breachesOf(
        IFreightEscrow.Booking calldata booking,
        IConditionMonitor.Batch[][] calldata batches
    ) external view returns (IFreightEscrow.Breach[] memory breaches) {
        IFreightEscrow escrow = IFreightEscrow(_ESCROW);
        IFreightEscrow.Outcome[] memory outcomes = escrow.outcomesOf(booking, _told(batches));
        uint64 id = escrow.consignmentOf(booking.hash());
        IFreightEscrow.Consignment memory known = escrow.consignment(id);
        uint40[] memory times = _LEDGER.progressOf(id).times;
        // Of six kinds for each leg, and beside these the loss of all, and what the consignor did not hand over.
        breaches = new IFreightEscrow.Breach[](6 * outcomes.length + 2);
        uint256 count;
        for (uint8 i; i < outcomes.length; ++i) {
            uint64[8] memory amounts = _amounts(booking.terms, outcomes[i]);
            if (amounts[uint256(IFreightEscrow.BreachKind.TOO_WARM)] != 0) {
                _tell(amounts, booking.terms, batches, times[i + 1], _endOf(known, times, i));
            }
            if (known.resolution == IFreightEscrow.Resolution.LOST && i == known.legsDone) {
                amounts[uint256(IFreightEscrow.BreachKind.LOST)] = _unitsOf(id);
            }
            amounts[uint256(IFreightEscrow.BreachKind.SHORT)] = escrow.tallyOf(id, i).missed;
            for (uint256 kind = 1; kind < amounts.length; ++kind) {
                if (amounts[kind] == 0) continue;
                breaches[count++] = IFreightEscrow.Breach(
                    IFreightEscrow.BreachKind(kind), i, booking.legs[i].carrier, amounts[kind]
                );
            }
        }
        uint8 legs = uint8(outcomes.length);
        uint64 withheld = escrow.tallyOf(id, legs).missed;
        if (withheld != 0) {
            (address consignor,) = _LEDGER.custodySpan(id, 0);
            breaches[count++] =
                IFreightEscrow.Breach(IFreightEscrow.BreachKind.SHORT, legs, consignor, withheld);
        }
        assembly ("memory-safe") {
            mstore(breaches, count)
        }
    }

    // --- internal reads ---

    /// @dev FreightEscrow's EIP-712 domain separator.
    function _domain() private view returns (bytes32) {
        return keccak256(abi.encode(_DOMAIN_TYPEHASH, _NAME, _VERSION, block.chainid, _ESCROW));
    }

    function _told(IConditionMonitor.Batch[][] calldata batches)
        private
        pure
        returns (IConditionMonitor.Point[][] memory told)
    {
        told = new IConditionMonitor.Point[][](batches.length);
        for (uint256 i; i < told.length; ++i) {
            told[i] = new IConditionMonitor.Point[](batches[i].length);
            for (uint256 k; k < told[i].length; ++k) {
                IConditionMonitor.Batch calldata batch = batches[i][k];
                told[i][k] = IConditionMonitor.Point(batch.hash(), batch.figures());
            }
        }
    }

    /// @dev What a leg passed its free amounts by kind; what was too warm or too cold under TOO_WARM.
    function _amounts(IFreightEscrow.Terms calldata terms, IFreightEscrow.Outcome memory outcome)
        private
        pure
        returns (uint64[8] memory amounts)
    {
        if (outcome.late > terms.lateFree) amounts[1] = outcome.late;
        if (outcome.temperature > terms.exposureFree) amounts[2] = outcome.temperature;
        if (outcome.humidity > terms.humidityFree) amounts[4] = outcome.humidity;
        // Where nothing was agreed on silence it is nobody's breach.
        if (terms.longestSilence != 0 && outcome.silence > terms.longestSilence) {
            amounts[5] = outcome.silence;
        }
    }

    /// @dev Tells too warm from too cold by the extremes of the batches that end in a leg's custody; both, when both were.
    function _tell(
        uint64[8] memory amounts,
        IFreightEscrow.Terms calldata terms,
        IConditionMonitor.Batch[][] calldata batches,
        uint40 from,
        uint40 to
    ) private pure {
        bool warm;
        bool cold;
        for (uint256 i; i < batches.length; ++i) {
            for (uint256 k; k < batches[i].length; ++k) {
                IConditionMonitor.Batch calldata batch = batches[i][k];
                if (batch.lastTime <= from || batch.lastTime > to) continue;
                warm = warm || batch.temperatureMax > terms.temperatureMax;
                cold = cold || batch.temperatureMin < terms.temperatureMin;
            }
        }
        if (cold) amounts[3] = amounts[2];
        if (cold && !warm) amounts[2] = 0;
    }

    /// @dev When a leg that was done handed on; the last may wait to be settled.
    function _endOf(IFreightEscrow.Consignment memory known, uint40[] memory times, uint256 leg)
        private
        pure
        returns (uint40)
    {
        return leg + 2 < times.length ? times[leg + 2] : known.arrivedAt;
    }

    /// @dev Units that a consignment carries.
    function _unitsOf(uint64 id) private view returns (uint64 units) {
        uint64[] memory parcels = _LEDGER.parcelsOf(id);
        for (uint256 i; i < parcels.length; ++i) {
            units += _LEDGER.parcel(parcels[i]).units;
        }
    }

    function _indexOf(Claim calldata claim, address device) private pure returns (uint256) {
        for (uint256 i; i < claim.devices.length; ++i) {
            if (claim.devices[i] == device) return i;
        }
        revert IFreightEscrow.WrongDevice(claim.consignment, device);
    }

    function _checkTerms(IFreightEscrow.Booking calldata booking) private pure {
        // All of them are read, so that none has dirty bits.
        IFreightEscrow.Terms memory terms = booking.terms;
        bool isByConsignee = terms.policy == IFreightEscrow.Policy.CONSIGNEE;
        if (
            terms.policy == IFreightEscrow.Policy.NULL
                || terms.temperatureMin > terms.temperatureMax
                || terms.humidityMin > terms.humidityMax || terms.lateZero > Settlement.GRACE
                || (!isByConsignee && terms.longestSilence == 0)
        ) revert IFreightEscrow.BadTerms();
        if (
            terms.lateFree > terms.lateZero || terms.exposureFree > terms.exposureZero
                || terms.humidityFree > terms.humidityZero
        ) revert IFreightEscrow.CurveNotMonotone();
        if (booking.devices.length > 1 && terms.deviceRule == IConditionMonitor.DeviceRule.NULL) {
            revert IFreightEscrow.BadTerms();
        }
        if (booking.devices.length > Settlement.MAX_DEVICES) {
            revert IFreightEscrow.TooManyDevices(booking.devices.length, Settlement.MAX_DEVICES);
        }
        // Other evidence stands in for the device's arrival, which this policy does not ask for.
        if (isByConsignee && address(booking.evidence) != address(0)) {
            revert IFreightEscrow.BadTerms();
        }
        if (booking.devices.length != 0) return;
        bool isBandWidest = terms.temperatureMin == type(int16).min
            && terms.temperatureMax == type(int16).max && terms.humidityMin == 0
            && terms.humidityMax >= 10_000;
        if (!isByConsignee || !isBandWidest) revert IFreightEscrow.DeviceMissing();
    }

    /// @dev What is allocated goes to a participant; what is bought has a price and a seller; only what is bought goes to a household.
    function _checkParties(IFreightEscrow.Booking calldata booking) private pure {
        bool isSale = booking.seller != address(0);
        if (isSale == (booking.price == 0) || isSale == (booking.parcels.length == 0)) {
            revert IFreightEscrow.BadGoods();
        }
        if (isSale == (booking.allocations.length != 0)) {
            if (isSale) revert IFreightEscrow.BadGoods();
            revert IFreightEscrow.NoAllocations();
        }
        if (booking.household == 0) return;
        IFreightEscrow.Policy policy = booking.terms.policy;
        bool isAsked =
            policy == IFreightEscrow.Policy.CONSIGNEE || policy == IFreightEscrow.Policy.BOTH;
        if (!isSale || booking.consignee != address(0) || !isAsked) {
            revert IFreightEscrow.BadHousehold();
        }
    }

    function _checkTimes(IFreightEscrow.Booking calldata booking) private view {
        if (block.timestamp > booking.deadline) revert IFreightEscrow.Expired(booking.deadline);
        if (block.timestamp > booking.pickUpBy) revert IFreightEscrow.Expired(booking.pickUpBy);
        if (booking.legs.length == 0) revert IFreightEscrow.NoLegs();
        if (booking.pickUpBy > booking.legs[0].latestArrival) revert IFreightEscrow.LegTimes(0);
    }

    function _checkLegs(IFreightEscrow.LegRequest[] calldata legs) private view {
        if (legs.length > Settlement.MAX_LEGS) {
            revert IFreightEscrow.TooManyLegs(legs.length, Settlement.MAX_LEGS);
        }
        for (uint8 i; i < legs.length; ++i) {
            IFreightEscrow.LegRequest calldata leg = legs[i];
            if (leg.freight == 0) revert IFreightEscrow.ZeroFreight(i);
            if (
                leg.departure >= leg.latestArrival
                    || leg.latestArrival > block.timestamp + Settlement.HORIZON
            ) {
                revert IFreightEscrow.LegTimes(i);
            }
            if (i == 0) continue;
            IFreightEscrow.LegRequest calldata before = legs[i - 1];
            if (leg.fromStation != before.toStation) revert IFreightEscrow.LegsDoNotJoin(i);
            if (leg.departure < before.departure || leg.latestArrival < before.latestArrival) {
                revert IFreightEscrow.LegTimes(i);
            }
        }
    }

    function _checkCarriers(
        bytes32 domain,
        address caller,
        bytes32 order,
        IFreightEscrow.LegRequest[] calldata legs,
        bytes[] calldata signatures
    ) private view {
        if (signatures.length != legs.length) {
            revert IFreightEscrow.SignatureCount(signatures.length, legs.length);
        }
        for (uint256 i; i < legs.length; ++i) {
            address carrier = legs[i].carrier;
            _requireSigned(domain, caller, carrier, order.acceptance(i, carrier), signatures[i]);
        }
    }

    /// @dev Where a device speaks for the consignee, it must not be the voice of the carrier that releases.
    function _checkDevicesOfOthers(address[] calldata devices, address lastCarrier) private view {
        bytes32 organisation = _REGISTRY.participant(lastCarrier).organisation;
        for (uint256 i; i < devices.length; ++i) {
            address operator = _REGISTRY.device(devices[i]).operator;
            if (_REGISTRY.participant(operator).organisation == organisation) {
                revert IFreightEscrow.DeviceOfCarrier(devices[i], lastCarrier);
            }
        }
    }

    function _checkArrival(
        bytes32 domain,
        Claim calldata claim,
        IFreightEscrow.DeviceWord memory word,
        IConditionMonitor.Point[] calldata told
    ) private view {
        uint64 id = claim.consignment;
        IFreightEscrow.Arrival memory arrival = word.arrival;
        if (arrival.consignment != id || arrival.station != claim.station || arrival.at > claim.at) revert IFreightEscrow.WrongArrival(id);
        if (block.timestamp > arrival.deadline) revert IFreightEscrow.Expired(arrival.deadline);
        uint32 batches = arrival.batches;
        if (told.length < batches) {
            revert IConditionMonitor.BatchesMissing(id, uint32(told.length), batches);
        }
        uint40 heard = batches == 0 ? 0 : told[batches - 1].figures.lastTime();
        if (heard > arrival.at) revert IConditionMonitor.BatchAfterArrival(id, heard, arrival.at);
        if (!_REGISTRY.isDeviceUsable(word.device, arrival.at)) {
            revert IConditionMonitor.DeviceNotUsable(word.device, arrival.at);
        }
        bytes32 digest = MessageHashUtils.toTypedDataHash(domain, arrival.hash());
        SignatureCheck.requireValid(word.device, digest, word.signature);
    }

    /// @dev Who calls has said so by calling.
    function _requireSigned(
        bytes32 domain,
        address caller,
        address signer,
        bytes32 structHash,
        bytes calldata signature
    ) private view {
        if (caller == signer) return;
        SignatureCheck.requireValid(
            signer, MessageHashUtils.toTypedDataHash(domain, structHash), signature
        );
    }
}
