// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";

/// @title FreightHashes
/// @notice EIP-712 types and struct hashes of what the parties of a consignment sign.
library FreightHashes {
    bytes32 internal constant LEG_REQUEST_TYPEHASH = keccak256(
        "LegRequest(address carrier,uint32 vehicle,uint32 crew,uint32 fromStation,uint32 toStation,uint40 departure,uint40 latestArrival,uint128 freight,uint128 bond)"
    );
    bytes32 internal constant TERMS_TYPEHASH = keccak256(
        "Terms(int16 temperatureMin,int16 temperatureMax,uint16 humidityMin,uint16 humidityMax,uint32 lateFree,uint32 lateZero,uint32 longestSilence,uint8 policy,uint8 deviceRule,uint64 exposureFree,uint64 exposureZero,uint64 exposureFloor,uint64 humidityFree,uint64 humidityZero,uint64 humidityFloor)"
    );
    bytes32 internal constant BOOKING_TYPEHASH = keccak256(
        "Booking(address payer,address consignee,bytes32 household,address seller,uint128 price,address evidence,address[] devices,uint64[] allocations,uint64[] parcels,LegRequest[] legs,Terms terms,uint40 pickUpBy,uint40 deadline,bytes32 salt)"
        "LegRequest(address carrier,uint32 vehicle,uint32 crew,uint32 fromStation,uint32 toStation,uint40 departure,uint40 latestArrival,uint128 freight,uint128 bond)"
        "Terms(int16 temperatureMin,int16 temperatureMax,uint16 humidityMin,uint16 humidityMax,uint32 lateFree,uint32 lateZero,uint32 longestSilence,uint8 policy,uint8 deviceRule,uint64 exposureFree,uint64 exposureZero,uint64 exposureFloor,uint64 humidityFree,uint64 humidityZero,uint64 humidityFloor)"
    );
    bytes32 internal constant BOOKING_ORDER_TYPEHASH =
        keccak256("BookingOrder(bytes32 booking,address payer)");
    bytes32 internal constant LEG_ACCEPTANCE_TYPEHASH =
        keccak256("LegAcceptance(bytes32 booking,uint8 leg,address carrier)");
    bytes32 internal constant POLICY_CONSENT_TYPEHASH =
        keccak256("PolicyConsent(bytes32 booking,address consignee,uint8 policy)");
    bytes32 internal constant SALE_ACCEPTANCE_TYPEHASH =
        keccak256("SaleAcceptance(bytes32 booking,address seller)");
    bytes32 internal constant HANDOVER_TYPEHASH = keccak256(
        "Handover(uint64 consignment,uint16 sequence,address from,address to,uint32 station,uint40 at,bytes32 content,uint40 deadline)"
    );
    bytes32 internal constant HANDOVER_TRAIN_TYPEHASH = keccak256(
        "HandoverTrain(Handover[] loads)"
        "Handover(uint64 consignment,uint16 sequence,address from,address to,uint32 station,uint40 at,bytes32 content,uint40 deadline)"
    );
    bytes32 internal constant COUNTED_HANDOVER_TYPEHASH = keccak256(
        "CountedHandover(Handover handover,Exception[] exceptions)"
        "Exception(uint64 parcel,uint64 units,uint8 flaw)"
        "Handover(uint64 consignment,uint16 sequence,address from,address to,uint32 station,uint40 at,bytes32 content,uint40 deadline)"
    );
    bytes32 internal constant EXCEPTION_TYPEHASH =
        keccak256("Exception(uint64 parcel,uint64 units,uint8 flaw)");
    bytes32 internal constant REFUSAL_TYPEHASH = keccak256(
        "Refusal(uint64 consignment,uint16 sequence,address by,bytes32 reason,uint40 deadline)"
    );
    bytes32 internal constant ARRIVAL_TYPEHASH = keccak256(
        "Arrival(uint64 consignment,uint32 station,uint40 at,uint32 batches,uint40 deadline)"
    );

    /// @notice Struct hash of a booking, the order's id.
    /// @dev Legs and terms are encoded as they came, see `_hashOf`: a booking is told whole when it is made, which refuses dirty bits; later it must be the same.
    function hash(IFreightEscrow.Booking calldata booking) internal pure returns (bytes32) {
        bytes memory parties = abi.encode(
            BOOKING_TYPEHASH,
            booking.payer,
            booking.consignee,
            booking.household,
            booking.seller,
            booking.price,
            booking.evidence,
            keccak256(abi.encodePacked(booking.devices)),
            keccak256(abi.encodePacked(booking.allocations)),
            keccak256(abi.encodePacked(booking.parcels))
        );
        bytes memory agreed = abi.encode(
            _hashOf(booking.legs),
            _hashOf(booking.terms),
            booking.pickUpBy,
            booking.deadline,
            booking.salt
        );
        return keccak256(bytes.concat(parties, agreed));
    }

    /// @notice Struct hash of the payer's order.
    function order(bytes32 booking, address payer) internal pure returns (bytes32) {
        return keccak256(abi.encode(BOOKING_ORDER_TYPEHASH, booking, payer));
    }

    /// @notice Struct hash of a carrier's acceptance of a leg.
    function acceptance(bytes32 booking, uint256 leg, address carrier)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(LEG_ACCEPTANCE_TYPEHASH, booking, leg, carrier));
    }

    /// @notice Struct hash of a consignee's consent to a policy.
    function consent(bytes32 booking, address consignee, IFreightEscrow.Policy policy)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(POLICY_CONSENT_TYPEHASH, booking, consignee, policy));
    }

    /// @notice Struct hash of a seller's acceptance.
    function saleOf(bytes32 booking, address seller) internal pure returns (bytes32) {
        return keccak256(abi.encode(SALE_ACCEPTANCE_TYPEHASH, booking, seller));
    }

    /// @notice What a booking keeps of a household's one-time key: good on one chain, for the escrow that asks, without the salt nobody's.
    function household(address key, bytes32 salt) internal view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), key, salt));
    }

    /// @notice Struct hash of a handover.
    /// @dev Eight members of one word each: they are encoded as they came. Who calls reads each of them too, which refuses dirty bits.
    function hash(IFreightEscrow.Handover calldata handover)
        internal
        pure
        returns (bytes32 result)
    {
        bytes32 typeHash = HANDOVER_TYPEHASH;
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, typeHash)
            calldatacopy(add(start, 0x20), handover, 0x100)
            result := keccak256(start, 0x120)
        }
    }

    /// @notice Struct hash of a train of handovers, each given by its hash.
    function trainOf(bytes32[] memory loads) internal pure returns (bytes32) {
        return keccak256(abi.encode(HANDOVER_TRAIN_TYPEHASH, keccak256(abi.encodePacked(loads))));
    }

    /// @notice Struct hash of a handover at which units were counted out.
    function counted(
        IFreightEscrow.Handover calldata handover,
        IMaterialLedger.Exception[] calldata exceptions
    ) internal pure returns (bytes32) {
        bytes32[] memory found = new bytes32[](exceptions.length);
        for (uint256 i; i < found.length; ++i) {
            found[i] = keccak256(abi.encode(EXCEPTION_TYPEHASH, exceptions[i]));
        }
        return keccak256(
            abi.encode(
                COUNTED_HANDOVER_TYPEHASH, hash(handover), keccak256(abi.encodePacked(found))
            )
        );
    }

    /// @notice Struct hash of a refusal.
    function hash(IFreightEscrow.Refusal calldata refusal) internal pure returns (bytes32) {
        return keccak256(abi.encode(REFUSAL_TYPEHASH, refusal));
    }

    /// @notice Struct hash of a device's arrival.
    function hash(IFreightEscrow.Arrival memory arrival) internal pure returns (bytes32) {
        return keccak256(abi.encode(ARRIVAL_TYPEHASH, arrival));
    }

    /// @dev Hash of the struct hashes of the legs, nine words each.
    function _hashOf(IFreightEscrow.LegRequest[] calldata legs)
        private
        pure
        returns (bytes32 result)
    {
        bytes32 typeHash = LEG_REQUEST_TYPEHASH;
        assembly ("memory-safe") {
            let hashes := mload(0x40)
            let scratch := add(hashes, mul(legs.length, 0x20))
            mstore(scratch, typeHash)
            for { let i := 0 } lt(i, legs.length) { i := add(i, 1) } {
                calldatacopy(add(scratch, 0x20), add(legs.offset, mul(i, 0x120)), 0x120)
                mstore(add(hashes, mul(i, 0x20)), keccak256(scratch, 0x140))
            }
            result := keccak256(hashes, mul(legs.length, 0x20))
        }
    }

    /// @dev Fifteen words.
    function _hashOf(IFreightEscrow.Terms calldata terms) private pure returns (bytes32 result) {
        bytes32 typeHash = TERMS_TYPEHASH;
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, typeHash)
            calldatacopy(add(start, 0x20), terms, 0x1e0)
            result := keccak256(start, 0x200)
        }
    }
}
