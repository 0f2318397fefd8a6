// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IIndicatorOracle} from "../../interfaces/IIndicatorOracle.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {References} from "../libraries/References.sol";
import {SignatureCheck} from "../libraries/SignatureCheck.sol";
import {IndicatorFeed} from "./IndicatorFeed.sol";

/// @title IndicatorOracle
/// @notice Figures agreed by the median of independent reporters' signed observations, each series readable as a feed.
contract IndicatorOracle is IIndicatorOracle, AccessManaged, EIP712 {
    using References for address;

    /// @inheritdoc IIndicatorOracle
    bytes32 public constant OBSERVATION_TYPEHASH = keccak256(
        "Observation(bytes32 indicator,bytes32 region,uint32 day,uint64 value,uint32 dataDate,uint40 deadline)"
    );

    uint256 private constant MAX_REPORTERS = 31;
    uint8 private constant MAX_DECIMALS = 18;

    IParticipantRegistry private immutable REGISTRY;

    mapping(bytes32 id => Indicator) private _indicators;
    mapping(bytes32 indicator => mapping(bytes32 region => address)) private _feeds;
    mapping(bytes32 indicator => mapping(bytes32 region => uint32)) private _newestDays;
    mapping(bytes32 indicator => mapping(bytes32 region => mapping(uint32 day => Figure))) private
        _figures;

    /// @dev Number of the set of reporters to which an account was last named.
    mapping(address account => uint64) private _namedIn;
    uint64 private _setNumber;
    uint8 private _faults;
    uint16 private _reporterCount;

    constructor(address accessManager, address registry)
        AccessManaged(accessManager.required())
        EIP712("Aidline IndicatorOracle", "1")
    {
        REGISTRY = IParticipantRegistry(registry.required());
    }

    // --- reads ---

    /// @inheritdoc IIndicatorOracle
    function indicator(bytes32 id) external view returns (Indicator memory) {
        return _indicators[id];
    }

    /// @inheritdoc IIndicatorOracle
    function figure(bytes32 indicatorId, bytes32 region, uint32 day)
        external
        view
        returns (Figure memory found)
    {
        found = _figures[indicatorId][region][day];
        // The day before may arrive, or be revised, after the day: whether it fell is said as of now.
        if (found.updatedAt != 0) found.fell = _fell(indicatorId, region, day, found.value);
    }

    /// @inheritdoc IIndicatorOracle
    function newestDay(bytes32 indicatorId, bytes32 region) external view returns (uint32) {
        return _newestDays[indicatorId][region];
    }

    /// @inheritdoc IIndicatorOracle
    function feedOf(bytes32 indicatorId, bytes32 region) external view returns (address) {
        return _feeds[indicatorId][region];
    }

    /// @inheritdoc IIndicatorOracle
    function isReporter(address account) external view returns (bool) {
        return _isReporter(account);
    }

    /// @inheritdoc IIndicatorOracle
    function reporterCount() external view returns (uint256) {
        return _reporterCount;
    }

    /// @inheritdoc IIndicatorOracle
    function quorum() public view returns (uint256) {
        return 2 * uint256(_faults) + 1;
    }

    // --- the indicator keeper ---

    /// @inheritdoc IIndicatorOracle
    function defineIndicator(bytes32 id, Indicator calldata definition) external restricted {
        if (_indicators[id].defined) revert IndicatorExists(id);
        if (id == 0 || definition.maximum == 0 || definition.decimals > MAX_DECIMALS) {
            revert BadIndicator(id);
        }

        Indicator memory defined = definition;
        defined.defined = true;
        _indicators[id] = defined;
        emit IndicatorDefined(id, defined);
    }

    /// @inheritdoc IIndicatorOracle
    function setReporters(address[] calldata reporters, uint8 faults) external restricted {
        uint256 count = reporters.length;
        uint256 needed = 3 * uint256(faults == 0 ? 1 : faults) + 1;
        if (faults == 0 || count < needed) revert TooFewReporters(count, needed);
        if (count > MAX_REPORTERS) revert TooManyReporters(count, MAX_REPORTERS);
        _requireIndependent(reporters);

        uint64 number = ++_setNumber;
        for (uint256 i; i < count; ++i) {
            _namedIn[reporters[i]] = number;
        }
        _faults = faults;
        _reporterCount = uint16(count);
        emit ReportersSet(reporters, faults);
    }

    // --- anyone ---

    /// @inheritdoc IIndicatorOracle
    function openFeed(bytes32 indicatorId, bytes32 region) external returns (address feed) {
        Indicator storage definition = _indicators[indicatorId];
        if (!definition.defined) revert UnknownIndicator(indicatorId);
        if (_feeds[indicatorId][region] != address(0)) revert FeedExists(indicatorId, region);
        // Reverts with `UnknownRegion`.
        REGISTRY.parentOf(region);

        feed = address(new IndicatorFeed(indicatorId, region, definition.decimals));
        _feeds[indicatorId][region] = feed;
        emit FeedOpened(indicatorId, region, feed);
    }

    /// @inheritdoc IIndicatorOracle
    function submit(Bundle calldata bundle) external {
        _requireTimely(bundle);
        uint256 count = bundle.reporters.length;
        if (bundle.values.length != count || bundle.signatures.length != count) {
            revert LengthMismatch();
        }
        if (_faults == 0 || count < quorum()) revert BelowQuorum(count, quorum());
        _requireSigned(bundle);

        Figure storage standing = _figures[bundle.indicator][bundle.region][bundle.day];
        bytes32 content = _contentOf(bundle);
        if (content == standing.bundle) revert SameBundle(content);
        if (!_wins(bundle, content, standing)) {
            emit BundleKept(bundle.indicator, bundle.region, bundle.day, content, standing.bundle);
            return;
        }
        _set(bundle, content, standing);
    }

    // --- internal reads ---

    function _isReporter(address account) private view returns (bool) {
        return _setNumber != 0 && _namedIn[account] == _setNumber
            && REGISTRY.isActive(account, IParticipantRegistry.Role.REPORTER);
    }

    /// @dev At most `MAX_REPORTERS`, so that comparing each with each is bounded.
    function _requireIndependent(address[] calldata reporters) private view {
        bytes32[] memory organisations = new bytes32[](reporters.length);
        for (uint256 i; i < reporters.length; ++i) {
            address reporter = reporters[i];
            if (i != 0 && reporter <= reporters[i - 1]) revert ReportersOutOfOrder(reporter);
            if (!REGISTRY.isActive(reporter, IParticipantRegistry.Role.REPORTER)) {
                revert NotReporter(reporter);
            }
            bytes32 organisation = REGISTRY.participant(reporter).organisation;
            for (uint256 j; j < i; ++j) {
                if (organisations[j] == organisation) {
                    revert SameOrganisation(reporter, reporters[j]);
                }
            }
            organisations[i] = organisation;
        }
    }

    function _requireTimely(Bundle calldata bundle) private view {
        if (_feeds[bundle.indicator][bundle.region] == address(0)) {
            revert NoFeed(bundle.indicator, bundle.region);
        }
        uint256 today = block.timestamp / 1 days;
        if (bundle.day > today) revert DayInFuture(bundle.day);
        if (bundle.dataDate > today) revert DataDateInFuture(bundle.dataDate);
        if (bundle.dataDate < bundle.day) revert DataBeforeDay(bundle.day, bundle.dataDate);
        if (block.timestamp > bundle.deadline) revert Expired(bundle.deadline);
    }

    function _requireSigned(Bundle calldata bundle) private view {
        uint64 maximum = _indicators[bundle.indicator].maximum;
        for (uint256 i; i < bundle.reporters.length; ++i) {
            address reporter = bundle.reporters[i];
            uint64 value = bundle.values[i];
            if (i != 0 && reporter <= bundle.reporters[i - 1]) {
                revert ReportersOutOfOrder(reporter);
            }
            if (!_isReporter(reporter)) revert NotReporter(reporter);
            if (value > maximum) revert Insane(reporter, value, maximum);
            if (!SignatureCheck.isValid(reporter, _digestOf(bundle, value), bundle.signatures[i])) {
                revert BadSignature(reporter);
            }
        }
    }

    function _digestOf(Bundle calldata bundle, uint64 value) private view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    OBSERVATION_TYPEHASH,
                    bundle.indicator,
                    bundle.region,
                    bundle.day,
                    value,
                    bundle.dataDate,
                    bundle.deadline
                )
            )
        );
    }

    /// @dev What was observed, without deadline and signatures: the same observations signed again are the same bundle.
    function _contentOf(Bundle calldata bundle) private pure returns (bytes32) {
        return keccak256(
            abi.encode(
                bundle.indicator,
                bundle.region,
                bundle.day,
                bundle.dataDate,
                bundle.reporters,
                bundle.values
            )
        );
    }

    /// @dev A total order, so that the order of arrival does not matter (INV-EMG-2).
    function _wins(Bundle calldata bundle, bytes32 content, Figure storage standing)
        private
        view
        returns (bool)
    {
        if (bundle.dataDate != standing.dataDate) return bundle.dataDate > standing.dataDate;
        if (bundle.reporters.length != standing.reporters) {
            return bundle.reporters.length > standing.reporters;
        }
        return content < standing.bundle;
    }

    /// @dev The lower median: with at most f liars among 2f + 1 or more it lies between two honest values (INV-EMG-1).
    function _lowerMedian(uint64[] memory values) private pure returns (uint64) {
        uint256 count = values.length;
        for (uint256 i = 1; i < count; ++i) {
            uint64 value = values[i];
            uint256 place = i;
            for (; place != 0 && values[place - 1] > value; --place) {
                values[place] = values[place - 1];
            }
            values[place] = value;
        }
        return values[(count - 1) / 2];
    }

    function _fell(bytes32 indicatorId, bytes32 region, uint32 day, uint64 value)
        private
        view
        returns (bool)
    {
        if (day == 0 || !_indicators[indicatorId].accumulating) return false;
        Figure storage before = _figures[indicatorId][region][day - 1];
        return before.updatedAt != 0 && value < before.value;
    }

    // --- internal writes ---

    function _set(Bundle calldata bundle, bytes32 content, Figure storage standing) private {
        uint64 value = _lowerMedian(bundle.values);
        uint16 revision = standing.updatedAt == 0 ? 0 : standing.revision + 1;
        standing.value = value;
        standing.dataDate = bundle.dataDate;
        standing.reporters = uint16(bundle.reporters.length);
        standing.revision = revision;
        standing.updatedAt = uint40(block.timestamp);
        standing.bundle = content;
        if (bundle.day > _newestDays[bundle.indicator][bundle.region]) {
            _newestDays[bundle.indicator][bundle.region] = bundle.day;
        }
        emit FigureSet(
            bundle.indicator,
            bundle.region,
            bundle.day,
            value,
            bundle.dataDate,
            uint16(bundle.reporters.length),
            revision,
            _fell(bundle.indicator, bundle.region, bundle.day, value)
        );
    }
}
