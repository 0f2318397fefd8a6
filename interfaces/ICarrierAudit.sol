// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title ICarrierAudit
/// @notice What auditors say of carriers: of the licence under which they drive, and of their tariff.
/// @dev Trust: an auditor's word marks a carrier wherever it is shown, and stops nothing. Who books decides what an unattested carrier is good for.
interface ICarrierAudit {
    /// @notice What a word is about.
    enum Paper {
        NULL,
        LICENCE,
        TARIFF
    }

    /// @notice What an auditor says.
    enum Verdict {
        NULL,
        ATTESTED,
        REFUSED
    }

    /// @notice How a carrier stands now: no word, the newest word, or LAPSED when that has run out.
    enum Standing {
        NONE,
        ATTESTED,
        REFUSED,
        LAPSED
    }

    /// @notice An auditor's word on a carrier, signed (EIP-712).
    /// @param document Hash of the documents that were looked at. @param validUntil Unix second from which the word no longer holds. @param nonce The auditor's `nonces`. @param deadline Last unix second at which it can be submitted.
    struct CarrierAttestation {
        address auditor;
        address carrier;
        Paper paper;
        Verdict verdict;
        bytes32 document;
        uint40 validUntil;
        uint256 nonce;
        uint40 deadline;
    }

    /// @notice The newest word on one paper of a carrier. @param at Unix seconds when it was recorded.
    struct Word {
        address auditor; // slot 0
        uint40 at;
        uint40 validUntil;
        Verdict verdict;
        bytes32 document; // slot 1
    }

    event CarrierAttested(
        address indexed carrier,
        Paper indexed paper,
        address indexed auditor,
        Verdict verdict,
        bytes32 document,
        uint40 validUntil
    );

    error BadPaper();
    error BadVerdict();
    error NoDocument();
    error BadValidity(uint40 validUntil);
    /// @notice Nobody registered as a carrier.
    error NotCarrier(address account);
    /// @notice Not an active auditor for the carrier's region, or of the carrier's organisation.
    error NotIndependent(address carrier, address auditor);
    error SignatureExpired(uint40 deadline);

    // --- reads ---

    /// @notice How a carrier stands now, by paper; NONE for who is no carrier.
    function standingOf(address carrier) external view returns (Standing licence, Standing tariff);

    /// @notice The newest word on a paper of a carrier; verdict NULL when there is none.
    function wordOf(address carrier, Paper paper) external view returns (Word memory);

    /// @notice Type of `CarrierAttestation`: "CarrierAttestation(address auditor,address carrier,uint8 paper,uint8 verdict,bytes32 document,uint40 validUntil,uint256 nonce,uint40 deadline)".
    function CARRIER_ATTESTATION_TYPEHASH() external view returns (bytes32);

    // --- auditors ---

    /// @notice Records the caller's word on a carrier. A later word, whoever's, replaces an earlier one on the same paper, whose event stays.
    /// @param document Hash of the documents, not zero. @param validUntil Unix second from which the word no longer holds; ahead.
    /// @dev The auditor is active, its region contains the carrier's, and it is of another organisation. What the caller has signed and nobody
    /// has submitted is void from then on, so that an older word never replaces a newer one. Emits `CarrierAttested`.
    function attest(
        address carrier,
        Paper paper,
        Verdict verdict,
        bytes32 document,
        uint40 validUntil
    ) external;

    /// @notice The same by signature; anyone may submit it.
    function attestBySignature(CarrierAttestation calldata word, bytes calldata signature) external;
}
