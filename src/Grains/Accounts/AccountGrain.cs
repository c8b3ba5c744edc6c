using Waybill.Grains.Sourcing;

namespace Waybill.Grains.Accounts;

/// <summary>The account as a grain: every rule stands in <see cref="Account"/>.</summary>
public sealed class AccountGrain(StoreAccess access)
    : EventSourcedGrain<AccountCommand, AccountEvent, Account, AccountView>(access), IAccountGrain
{
    /// <inheritdoc/>
    public Task<Outcome<AccountView>> Open(CommandContext context, string owner, string currency) =>
        Execute(context, new AccountCommand.Open(owner, currency));

    /// <inheritdoc/>
    public Task<Outcome<AccountView>> Deposit(CommandContext context, long amount, string? reference) =>
        Execute(context, new AccountCommand.Deposit(amount, reference));

    /// <inheritdoc/>
    public Task<Outcome<AccountView>> Withdraw(CommandContext context, long amount, string? reference) =>
        Execute(context, new AccountCommand.Withdraw(amount, reference));

    /// <inheritdoc/>
    public Task<Outcome<AccountView>> CreditInterest(CommandContext context, long amount, string? reference) =>
        Execute(context, new AccountCommand.CreditInterest(amount, reference));

    /// <inheritdoc/>
    public Task<Outcome<AccountView>> Hold(CommandContext context, string holdId, long amount, string? reference) =>
        Execute(context, new AccountCommand.Hold(holdId, amount, reference));

    /// <inheritdoc/>
    public Task<Outcome<AccountView>> Release(CommandContext context, string holdId) =>
        Execute(context, new AccountCommand.Release(holdId));

    /// <inheritdoc/>
    public Task<Outcome<AccountView>> Capture(CommandContext context, string holdId, long amount, string? reference) =>
        Execute(context, new AccountCommand.Capture(holdId, amount, reference));

    /// <inheritdoc/>
    public Task<Outcome<AccountView>> Close(CommandContext context) => Execute(context, new AccountCommand.Close());

    /// <inheritdoc/>
    public Task<Outcome<AccountView>> Get(long after = 0) => Read(after);

    /// <inheritdoc/>
    protected override AccountView View(Account account, long version) =>
        AccountView.Of(this.GetPrimaryKeyString(), account, version);
}
