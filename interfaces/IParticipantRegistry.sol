// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IParticipantRegistry
/// @notice Who may act: organisations with their facilities, roles and regions, and devices with keys of their own.
/// @dev Trust: a registrar vouches that a participant is who its facility id says; nobody else is trusted here. A
/// participant's own key signs its registration and a device's own key signs its binding, so that neither can be
/// enrolled by somebody else.
interface IParticipantRegistry {
    /// @notice What a participant may do. A participant holds a set of roles: bit `1 << role` of `Participant.roles`.
    enum Role {
        NULL,
        DONOR,
        RECIPIENT,
        CHARITY,
        SUPPLIER,
        CARRIER,
        STATION_OPERATOR,
        AUDITOR,
        SOLVER,
        REPORTER,
        COORDINATOR,
        ARBITER
    }

    /// @notice A participant as registered.
    /// @param facility Public identifier of the facility (hospital, depot, office); one account for each facility.
    /// @param organisation Identifier of the legal body to which the facility belongs.
    /// @param region Region of the facility; for an auditor the region in which it may audit.
    /// @param profileHash Hash of the public profile document; no personal data.
    /// @param roles Set of roles, bit `1 << role`.
    /// @param registeredAt Unix seconds; zero when the account is unknown.
    /// @param suspended True while the participant may release what it holds, but accept nothing more.
    struct Participant {
        bytes32 facility; // slot 0
        bytes32 organisation; // slot 1
        bytes32 region; // slot 2
        bytes32 profileHash; // slot 3
        uint16 roles; // slot 4
        uint40 registeredAt;
        bool suspended;
    }

    /// @notice What a participant signs to be registered, see `REGISTRATION_TYPEHASH`.
    /// @param nonce `nonces(account)` at the time of use.
    /// @param deadline Last unix second at which the signature is good.
    struct Registration {
        address account;
        bytes32 facility;
        bytes32 organisation;
        bytes32 region;
        uint16 roles;
        bytes32 profileHash;
        uint256 nonce;
        uint40 deadline;
    }

    /// @notice A device as bound.
    /// @param operator The participant that answers for the device.
    /// @param calibratedUntil Unix seconds after which its readings are not accepted.
    /// @param boundAt Unix seconds; zero when the device is unknown.
    /// @param retired True once its operator has retired it; for ever.
    /// @param model Hash or short name of the make and model.
    struct Device {
        address operator; // slot 0
        uint40 calibratedUntil;
        uint40 boundAt;
        bool retired;
        bytes32 model; // slot 1
    }

    /// @notice What a device's key signs to be bound to its operator, see `DEVICE_BINDING_TYPEHASH`.
    /// @param nonce `nonces(device)` at the time of use.
    struct DeviceBinding {
        address device;
        address operator;
        bytes32 model;
        uint40 calibratedUntil;
        uint256 nonce;
        uint40 deadline;
    }

    event RegionDefined(bytes32 indexed region, bytes32 indexed parent);
    event ParticipantRegistered(
        address indexed account,
        bytes32 indexed facility,
        bytes32 organisation,
        bytes32 region,
        uint16 roles,
        bytes32 profileHash,
        string profileURI
    );
    event ParticipantSuspended(address indexed account, bytes32 reason);
    event ParticipantReinstated(address indexed account);
    event DeviceBound(
        address indexed device, address indexed operator, bytes32 model, uint40 calibratedUntil
    );
    event DeviceRetired(address indexed device, address indexed operator);

    error UnknownRegion(bytes32 region);
    error RegionExists(bytes32 region);
    error RegionTooDeep(bytes32 region);
    error EmptyField(string field);
    error NoRoles(address account);
    error UnknownRoles(uint16 roles);
    error AlreadyRegistered(address account);
    error FacilityTaken(bytes32 facility, address account);
    error UnknownParticipant(address account);
    error NotActive(address account, Role role);
    error AlreadySuspended(address account);
    error NotSuspended(address account);
    error WrongNonce(address signer, uint256 expected, uint256 given);
    error Expired(uint40 deadline);
    error BadSignature(address signer);
    error UnknownDevice(address device);
    error DeviceAlreadyBound(address device, address operator);
    error DeviceIsRetired(address device);
    error NotOperator(address device, address caller);
    error CalibrationInPast(uint40 calibratedUntil);

    /// @notice The record of `account`; all zero when unknown.
    function participant(address account) external view returns (Participant memory);

    /// @notice The account registered for `facility`, or zero.
    function accountOf(bytes32 facility) external view returns (address);

    /// @notice True when `account` is registered with `role` and is not suspended.
    function isActive(address account, Role role) external view returns (bool);

    /// @notice Returns silently when `isActive(account, role)`.
    /// @dev Reverts with `NotActive`.
    function requireActive(address account, Role role) external view;

    /// @notice The record of `device`; all zero when unknown.
    function device(address device) external view returns (Device memory);

    /// @notice True when `device` is bound to an operator that is not suspended, is not retired, was bound at or before `at` and calibrated
    /// for the moment `at` (unix seconds).
    function isDeviceUsable(address device, uint40 at) external view returns (bool);

    /// @notice The region directly above `region`; zero for a country. @dev Reverts with `UnknownRegion`.
    function parentOf(bytes32 region) external view returns (bytes32);

    /// @notice The province of `region`: itself or the ancestor directly below the country; zero for a country.
    function provinceOf(bytes32 region) external view returns (bytes32);

    /// @notice True when `region` is `ancestor` or lies below it. An unknown region lies in nothing.
    function isWithin(bytes32 region, bytes32 ancestor) external view returns (bool);

    /// @notice The nonce that the next signed message of `signer` must carry.
    function nonces(address signer) external view returns (uint256);

    /// @notice EIP-712 type of what a participant signs:
    /// `Registration(address account,bytes32 facility,bytes32 organisation,bytes32 region,uint16 roles,bytes32 profileHash,uint256 nonce,uint40 deadline)`.
    function REGISTRATION_TYPEHASH() external view returns (bytes32);

    /// @notice EIP-712 type of what a device signs:
    /// `DeviceBinding(address device,address operator,bytes32 model,uint40 calibratedUntil,uint256 nonce,uint40 deadline)`.
    function DEVICE_BINDING_TYPEHASH() external view returns (bytes32);

    /// @notice Defines a region under `parent` (zero for a country); at most four levels deep; for ever.
    /// @dev Only the registrar role. Emits `RegionDefined`.
    function defineRegion(bytes32 region, bytes32 parent) external;

    /// @notice Registers a participant that has signed `registration`.
    /// @dev Only the registrar role. Emits `ParticipantRegistered`. Each facility and each account once.
    /// @param signature Signature of `registration.account` (65 bytes, or ERC-1271).
    /// @param profileURI Where the public profile lies; only in the event.
    function register(
        Registration calldata registration,
        bytes calldata signature,
        string calldata profileURI
    ) external;

    /// @notice Suspends a participant at once: it may release what it holds, but accept nothing more.
    /// @dev Only the suspender role. Emits `ParticipantSuspended`.
    function suspend(address account, bytes32 reason) external;

    /// @notice Ends a suspension. The role that may call it acts with a delay.
    /// @dev Emits `ParticipantReinstated`.
    function reinstate(address account) external;

    /// @notice Binds a device to the caller, an active participant, by the signature of the device's own key.
    /// @dev Emits `DeviceBound`. Caller must be `binding.operator`.
    function bindDevice(DeviceBinding calldata binding, bytes calldata signature) external;

    /// @notice Retires a device for ever. @dev Only its operator. Emits `DeviceRetired`.
    function retireDevice(address device) external;
}
