using Microsoft.Extensions.Logging.Abstractions;
using Waybill.EventStore;
using Waybill.EventStore.Relational;
using Waybill.Grains.Notifications;
using Waybill.Grains.Sourcing.Projections;
using Waybill.Tests.Grains.Projections;
using static Waybill.Grains.Accounts.AccountEvent;

namespace Waybill.Tests.Grains.Notifications;

/// <summary>
/// From the commit of an event to a receiver that fails, hangs and comes back, over a clock that a test sets.
/// </summary>
public sealed class NotificationDeliveryTests : ProjectionBed
{
    private readonly WebhookReceiver _receiver = WebhookReceiver.Start();
    private readonly List<WebhookSender> _senders = [];
    private readonly WebhookOptions _options;
    private Action _remove = () => { };

    public NotificationDeliveryTests() =>
        _options = WebhookOptionsTests.Read($"{_receiver.Url}", WebhookReceiver.Secret);

    public override async ValueTask DisposeAsync()
    {
        foreach (var sender in _senders)
            sender.Dispose();
        _receiver.Dispose();
        await base.DisposeAsync();
        _remove();
    }

    protected override RelationalEventStore Open(EventTypes types)
    {
        (var store, _remove) = OpenSqlite(types, Clock);
        return store;
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(429)]
    public async Task What_a_failing_receiver_does_not_take_waits_and_comes_in_order_when_it_takes_again(int status)
    {
        _receiver.Answer = _ => Task.FromResult(status);
        var host = NewHost();
        await Append("a", new Opened("ann", "EUR"), Told(1), Told(2), Told(3));
        await Append("b", new Opened("bob", "EUR"), Told(4), Told(5));
        for (var tick = 0; tick < 10; tick++)
            await Deliver(host);

        _receiver.Attempts.Count.ShouldBe(3); // Then the breaker has opened.
        var waiting = await host.ProgressAsync();
        (waiting.Notices, waiting.Error).ShouldBe((5, null));
        waiting.NoticeError.ShouldNotBeNull().ShouldContain("left alone");

        _receiver.Answer = _ => Task.FromResult(204);
        Clock.Advance(_options.Pause);
        await Deliver(host);
        await ShouldAllHaveCome();
        var done = await host.ProgressAsync();
        (done.Notices, done.NoticeError).ShouldBe((0, null));
    }

    [Fact]
    public async Task What_waits_is_not_lost_with_the_process_and_repeats_bear_the_same_id()
    {
        var first = NewHost();
        await Append("a", new Opened("ann", "EUR"), Told(1), Told(2));
        // It is delivered, and the process dies before it is noted.
        Faults.Before = call => call == "RemoveNoticesAsync"
            ? throw new StoreUnavailableException("It has died.")
            : Task.CompletedTask;
        await Deliver(first);
        _receiver.Stop();
        await Append("a", Told(3));
        await Deliver(first);
        Faults.Before = _ => Task.CompletedTask;

        _receiver.Listen();
        await Deliver(NewHost());

        await ShouldAllHaveCome();
        _receiver.Taken.Count.ShouldBe(5);
        _receiver.Taken.DistinctBy(taken => taken.Id).Count().ShouldBe(3);
    }

    [Fact]
    public async Task A_receiver_that_hangs_holds_up_no_rows()
    {
        var answer = new TaskCompletionSource<int>();
        _receiver.Answer = _ => answer.Task;
        var host = NewHost();
        await Append("a", new Opened("ann", "EUR"), Told(1));
        await host.TickAsync();
        await _receiver.Until(receiver => receiver.Attempts.Count == 1);

        await Append("a", Told(2));
        await Append("b", new Opened("bob", "EUR"), Told(3));
        await host.TickAsync();

        (await TallyOf("a")).ShouldNotBeNull().Sum.ShouldBe(3);
        (await TallyOf("b")).ShouldNotBeNull().Sum.ShouldBe(3);
        host.Delivering.IsCompleted.ShouldBeFalse();
        (await host.ProgressAsync()).Notices.ShouldBe(3);

        answer.SetResult(204);
        await host.Delivering;
        await ShouldAllHaveCome();
    }

    [Fact]
    public async Task One_notification_that_always_fails_holds_up_those_of_its_entity_alone()
    {
        _receiver.Answer = delivery => Task.FromResult(
            delivery.Body.Contains("\"id\":\"a\"", StringComparison.Ordinal) ? 500 : 204);
        var host = NewHost();
        await Append("a", new Opened("ann", "EUR"), Told(1));
        await Append("b", new Opened("bob", "EUR"), Told(2), Told(3), Told(4), Told(5));

        await Deliver(host);

        _receiver.Taken.Count.ShouldBe(4);
        (await host.ProgressAsync()).Notices.ShouldBe(1);
    }

    private static MoneyDeposited Told(long amount) => new(amount, "tell");

    // A host with a breaker of its own, as a new process has.
    private ProjectionHost<Tally, TallyRow> NewHost()
    {
        var sender = new WebhookSender(_options, Clock, NullLogger<WebhookSender>.Instance);
        _senders.Add(sender);
        return TallyHost(Access(notifier: new CustomerNotifier(sender, grains: null!))); // Nothing is refused here.
    }

    private static async Task Deliver(ProjectionHost<Tally, TallyRow> host)
    {
        await host.TickAsync();
        await host.Delivering;
    }

    // Each at least once, signed, and those of a stream for the first time in their order.
    private async Task ShouldAllHaveCome()
    {
        var told = (await Everything()).Where(stored => stored.Type == "account.money-deposited").ToList();
        _receiver.Taken.ShouldAllBe(taken => taken.IsSigned);
        foreach (var stream in told.GroupBy(stored => stored.Stream))
            _receiver.Taken.Select(taken => taken.Id).Distinct()
                .Where(id => stream.Any(stored => $"{stored.EventId}" == id))
                .ShouldBe(stream.Select(stored => $"{stored.EventId}"));
    }
}
