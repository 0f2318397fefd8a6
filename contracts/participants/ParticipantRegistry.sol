// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {References} from "../libraries/References.sol";
import {SignatureCheck} from "../libraries/SignatureCheck.sol";

/// @title ParticipantRegistry
/// @notice Who may act: organisations with their facilities, roles and regions, and devices with keys of their own.
contract ParticipantRegistry is IParticipantRegistry, AccessManaged, EIP712 {
    /// @inheritdoc IParticipantRegistry
    bytes32 public constant REGISTRATION_TYPEHASH = keccak256(
        "Registration(address account,bytes32 facility,bytes32 organisation,bytes32 region,uint16 roles,bytes32 profileHash,uint256 nonce,uint40 deadline)"
    );

    /// @inheritdoc IParticipantRegistry
    bytes32 public constant DEVICE_BINDING_TYPEHASH = keccak256(
        "DeviceBinding(address device,address operator,bytes32 model,uint40 calibratedUntil,uint256 nonce,uint40 deadline)"
    );

    /// @notice Levels of regions: country, province, prefecture, county.
    uint256 public constant MAX_DEPTH = 4;

    /// @dev One bit for each role but NULL.
    uint16 private constant _ALL_ROLES = (uint16(2) << uint8(type(Role).max)) - 2;

    /// @inheritdoc IParticipantRegistry
    mapping(bytes32 facility => address) public accountOf;

    /// @inheritdoc IParticipantRegistry
    mapping(address signer => uint256) public nonces;

    mapping(address account => Participant) private _participants;

    mapping(address device => Device) private _devices;

    /// @dev The region directly above; a country is its own, so that zero means unknown.
    mapping(bytes32 region => bytes32 parent) private _parents;

    constructor(address accessManager)
        AccessManaged(References.required(accessManager))
        EIP712("Aidline ParticipantRegistry", "1")
    {}

    // --- reads ---

    /// @inheritdoc IParticipantRegistry
    function participant(address account) external view returns (Participant memory) {
        return _participants[account];
    }

    /// @inheritdoc IParticipantRegistry
    function requireActive(address account, Role role) external view {
        if (!isActive(account, role)) revert NotActive(account, role);
    }

    /// @inheritdoc IParticipantRegistry
    function device(address key) external view returns (Device memory) {
        return _devices[key];
    }

    /// @inheritdoc IParticipantRegistry
    function isDeviceUsable(address key, uint40 at) external view returns (bool) {
        Device storage record = _devices[key];
        return record.boundAt != 0 && record.boundAt <= at && at <= record.calibratedUntil
            && !record.retired && !_participants[record.operator].suspended;
    }

    /// @inheritdoc IParticipantRegistry
    function parentOf(bytes32 region) external view returns (bytes32) {
        bytes32 parent = _knownParent(region);
        return parent == region ? bytes32(0) : parent;
    }

    /// @inheritdoc IParticipantRegistry
    function provinceOf(bytes32 region) external view returns (bytes32 province) {
        bytes32 parent = _knownParent(region);
        while (parent != region) {
            province = region;
            region = parent;
            parent = _parents[region];
        }
    }

    /// @inheritdoc IParticipantRegistry
    function isWithin(bytes32 region, bytes32 ancestor) external view returns (bool) {
        bytes32 parent = _parents[region];
        if (parent == 0) return false;
        while (region != ancestor && parent != region) {
            region = parent;
            parent = _parents[region];
        }
        return region == ancestor;
    }

    // --- registrar ---

    /// @inheritdoc IParticipantRegistry
    function defineRegion(bytes32 region, bytes32 parent) external restricted {
        if (region == 0) revert EmptyField("region");
        if (_parents[region] != 0) revert RegionExists(region);
        if (parent == 0) {
            _parents[region] = region;
        } else {
            if (_depthOf(parent) == MAX_DEPTH) revert RegionTooDeep(region);
            _parents[region] = parent;
        }
        emit RegionDefined(region, parent);
    }

    /// @inheritdoc IParticipantRegistry
    function register(
        Registration calldata registration,
        bytes calldata signature,
        string calldata profileURI
    ) external restricted {
        address account = registration.account;
        _checkRegistration(registration);
        _useSignature(
            account,
            registration.nonce,
            registration.deadline,
            _hashRegistration(registration),
            signature
        );

        accountOf[registration.facility] = account;
        _participants[account] = Participant({
            facility: registration.facility,
            organisation: registration.organisation,
            region: registration.region,
            profileHash: registration.profileHash,
            roles: registration.roles,
            registeredAt: uint40(block.timestamp),
            suspended: false
        });
        emit ParticipantRegistered(
            account,
            registration.facility,
            registration.organisation,
            registration.region,
            registration.roles,
            registration.profileHash,
            profileURI
        );
    }

    // --- suspender, reinstater ---

    /// @inheritdoc IParticipantRegistry
    function suspend(address account, bytes32 reason) external restricted {
        if (_known(account).suspended) revert AlreadySuspended(account);
        _participants[account].suspended = true;
        emit ParticipantSuspended(account, reason);
    }

    /// @inheritdoc IParticipantRegistry
    function reinstate(address account) external restricted {
        if (!_known(account).suspended) revert NotSuspended(account);
        _participants[account].suspended = false;
        emit ParticipantReinstated(account);
    }

    // --- operators of devices ---

    /// @inheritdoc IParticipantRegistry
    function bindDevice(DeviceBinding calldata binding, bytes calldata signature) external {
        if (binding.device == address(0)) revert EmptyField("device");
        if (binding.operator != msg.sender) revert NotOperator(binding.device, msg.sender);
        if (_known(msg.sender).suspended) revert NotActive(msg.sender, Role.NULL);
        Device storage record = _devices[binding.device];
        if (record.retired) revert DeviceIsRetired(binding.device);
        if (record.boundAt != 0) revert DeviceAlreadyBound(binding.device, record.operator);
        if (binding.calibratedUntil <= block.timestamp) {
            revert CalibrationInPast(binding.calibratedUntil);
        }
        _useSignature(
            binding.device, binding.nonce, binding.deadline, _hashBinding(binding), signature
        );

        _devices[binding.device] = Device({
            operator: msg.sender,
            calibratedUntil: binding.calibratedUntil,
            boundAt: uint40(block.timestamp),
            retired: false,
            model: binding.model
        });
        emit DeviceBound(binding.device, msg.sender, binding.model, binding.calibratedUntil);
    }

    /// @inheritdoc IParticipantRegistry
    function retireDevice(address key) external {
        Device storage record = _devices[key];
        if (record.boundAt == 0) revert UnknownDevice(key);
        if (record.operator != msg.sender) revert NotOperator(key, msg.sender);
        if (record.retired) revert DeviceIsRetired(key);
        record.retired = true;
        emit DeviceRetired(key, msg.sender);
    }

    // --- shared reads ---

    /// @inheritdoc IParticipantRegistry
    function isActive(address account, Role role) public view returns (bool) {
        Participant storage record = _participants[account];
        return record.roles & _bit(role) != 0 && !record.suspended;
    }

    function _checkRegistration(Registration calldata registration) private view {
        if (registration.account == address(0)) revert EmptyField("account");
        if (registration.facility == 0) revert EmptyField("facility");
        if (registration.organisation == 0) revert EmptyField("organisation");
        if (registration.profileHash == 0) revert EmptyField("profileHash");
        if (registration.roles == 0) revert NoRoles(registration.account);
        if (registration.roles & ~_ALL_ROLES != 0) revert UnknownRoles(registration.roles);
        if (_participants[registration.account].registeredAt != 0) {
            revert AlreadyRegistered(registration.account);
        }
        address holder = accountOf[registration.facility];
        if (holder != address(0)) revert FacilityTaken(registration.facility, holder);
        _knownParent(registration.region);
    }

    function _known(address account) private view returns (Participant storage record) {
        record = _participants[account];
        if (record.registeredAt == 0) revert UnknownParticipant(account);
    }

    function _knownParent(bytes32 region) private view returns (bytes32 parent) {
        parent = _parents[region];
        if (parent == 0) revert UnknownRegion(region);
    }

    /// @dev 1 for a country.
    function _depthOf(bytes32 region) private view returns (uint256 depth) {
        bytes32 parent = _knownParent(region);
        for (depth = 1; parent != region; ++depth) {
            region = parent;
            parent = _parents[region];
        }
    }

    function _bit(Role role) private pure returns (uint16) {
        return uint16(1) << uint8(role);
    }

    function _hashRegistration(Registration calldata registration) private pure returns (bytes32) {
        // All members are of one word, so the encoding of the struct is that of its members.
        return keccak256(abi.encode(REGISTRATION_TYPEHASH, registration));
    }

    function _hashBinding(DeviceBinding calldata binding) private pure returns (bytes32) {
        return keccak256(abi.encode(DEVICE_BINDING_TYPEHASH, binding));
    }

    // --- shared writes ---

    /// @dev Uses up the signer's nonce.
    function _useSignature(
        address signer,
        uint256 nonce,
        uint40 deadline,
        bytes32 structHash,
        bytes calldata signature
    ) private {
        if (block.timestamp > deadline) revert Expired(deadline);
        uint256 expected = nonces[signer];
        if (nonce != expected) revert WrongNonce(signer, expected, nonce);
        if (!SignatureCheck.isValid(signer, _hashTypedDataV4(structHash), signature)) {
            revert BadSignature(signer);
        }
        nonces[signer] = expected + 1;
    }
}
