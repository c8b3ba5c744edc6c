using Waybill.EventStore;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;

namespace Waybill.Tests.Grains.Sourcing;

/// <summary>Commands sent to one account with their outcomes, to be held against its stream.</summary>
public sealed class History
{
    private readonly List<(CommandContext Context, AccountCommand Command, Outcome<AccountView> Outcome)> _answered =
        [];

    public static Task<Outcome<AccountView>> Send(
        IAccountGrain account, CommandContext context, AccountCommand command) => command switch
        {
            AccountCommand.Open open => account.Open(context, open.Owner, open.Currency),
            AccountCommand.Deposit deposit => account.Deposit(context, deposit.Amount, deposit.Reference),
            AccountCommand.Withdraw withdraw => account.Withdraw(context, withdraw.Amount, withdraw.Reference),
            _ => account.Close(context),
        };

    public void Add(CommandContext context, AccountCommand command, Outcome<AccountView> outcome) =>
        _answered.Add((context, command, outcome));

    /// <summary>
    /// Each accepted command made one event, which is what its outcome tells of; no other command made any; each
    /// refusal is true of the version that it names.
    /// </summary>
    /// <param name="stream">The account's stream.</param>
    /// <param name="types">Reads its events.</param>
    public void ShouldBeThatOf(IReadOnlyList<StoredEvent> stream, EventTypes types)
    {
        stream.Select(stored => stored.Version).ShouldBe(Enumerable.Range(1, stream.Count).Select(n => (long)n));
        var states = new List<Account> { Account.Initial };
        foreach (var stored in stream)
            states.Add(Account.Evolve(states[^1], (AccountEvent)types.Read(stored).Event));

        foreach (var (context, command, outcome) in _answered)
        {
            var events = stream.Where(stored => stored.Metadata.CommandId == context.CommandId).ToList();
            var position = outcome.Version == 0 ? 0 : stream[(int)outcome.Version - 1].Position;
            outcome.Position.ShouldBe(position);
            if (outcome.Status is OutcomeStatus.Accepted)
            {
                events.Select(stored => stored.Version).ShouldBe([outcome.Version]);
                outcome.View.ShouldNotBeNull().Balance.ShouldBe(states[(int)outcome.Version].Balance);
            }
            else
            {
                events.ShouldBeEmpty($"{command} was answered with {outcome}.");
                Account.Decide(command, states[(int)outcome.Version], default).Refusal.ShouldNotBeNull().Code
                    .ShouldBe(outcome.Code);
            }
        }
    }
}
