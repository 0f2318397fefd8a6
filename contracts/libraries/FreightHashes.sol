// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";

/// @title FreightHashes
/// @notice EIP-712 types and struct hashes of what the parties of a consignment sign.
library FreightHashes {
    bytes32 internal constant LEG_REQUEST_TYPEHASH = keccak256(
        "LegRequest(address carrier,uint32 vehicle,uint32 fromStation,uint32 toStation,uint40 departure,uint40 latestArrival,uint128 freight)"
    );
    bytes32 internal constant TERMS_TYPEHASH = keccak256(
        "Terms(int16 temperatureMin,int16 temperatureMax,uint16 humidityMin,uint16 humidityMax,uint32 lateFree,uint32 lateZero,uint32 longestSilence,uint8 policy,uint64 exposureFree,uint64 exposureZero,uint64 exposureFloor,uint64 humidityFree,uint64 humidityZero,uint64 humidityFloor)"
    );
    bytes32 internal constant BOOKING_TYPEHASH = keccak256(
        "Booking(address payer,address consignee,address device,uint64[] allocations,LegRequest[] legs,Terms terms,uint40 pickUpBy,uint40 deadline,bytes32 salt)"
        "LegRequest(address carrier,uint32 vehicle,uint32 fromStation,uint32 toStation,uint40 departure,uint40 latestArrival,uint128 freight)"
        "Terms(int16 temperatureMin,int16 temperatureMax,uint16 humidityMin,uint16 humidityMax,uint32 lateFree,uint32 lateZero,uint32 longestSilence,uint8 policy,uint64 exposureFree,uint64 exposureZero,uint64 exposureFloor,uint64 humidityFree,uint64 humidityZero,uint64 humidityFloor)"
    );
    bytes32 internal constant BOOKING_ORDER_TYPEHASH =
        keccak256("BookingOrder(bytes32 booking,address payer)");
    bytes32 internal constant LEG_ACCEPTANCE_TYPEHASH =
        keccak256("LegAcceptance(bytes32 booking,uint8 leg,address carrier)");
    bytes32 internal constant POLICY_CONSENT_TYPEHASH =
        keccak256("PolicyConsent(bytes32 booking,address consignee,uint8 policy)");
    bytes32 internal constant HANDOVER_TYPEHASH = keccak256(
        "Handover(uint64 consignment,uint16 sequence,address from,address to,uint32 station,uint40 at,bytes32 content,uint40 deadline)"
    );
    bytes32 internal constant ARRIVAL_TYPEHASH = keccak256(
        "Arrival(uint64 consignment,uint32 station,uint40 at,uint32 batches,uint40 deadline)"
    );

    /// @notice Struct hash of a booking, the order's id.
    function hash(IFreightEscrow.Booking calldata booking) internal pure returns (bytes32) {
        bytes32[] memory legs = new bytes32[](booking.legs.length);
        for (uint256 i; i < legs.length; ++i) {
            legs[i] = keccak256(abi.encode(LEG_REQUEST_TYPEHASH, booking.legs[i]));
        }
        return keccak256(
            abi.encode(
                BOOKING_TYPEHASH,
                booking.payer,
                booking.consignee,
                booking.device,
                keccak256(abi.encodePacked(booking.allocations)),
                keccak256(abi.encodePacked(legs)),
                keccak256(abi.encode(TERMS_TYPEHASH, booking.terms)),
                booking.pickUpBy,
                booking.deadline,
                booking.salt
            )
        );
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

    /// @notice Struct hash of a device's arrival.
    function hash(IFreightEscrow.Arrival calldata arrival) internal pure returns (bytes32) {
        return keccak256(abi.encode(ARRIVAL_TYPEHASH, arrival));
    }
}
