using Waybill.EventStore.Streams;
using Waybill.Grains.Sourcing.Projections;

namespace Waybill.Grains.Accounts;

/// <summary>The host of <see cref="AccountList"/> for one queue.</summary>
[Alias("waybill.account-list")]
public interface IAccountListGrain : IProjectionGrain;

/// <inheritdoc cref="IAccountListGrain"/>
[ImplicitStreamSubscription(EventStreams.LogNamespace)]
public sealed class AccountListGrain(ProjectionAccess access)
    : ProjectionGrain<AccountList, AccountRow>(access), IAccountListGrain;
