using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;

namespace Waybill.Tests;

/// <summary>Accounts over months, by a clock that the tests set.</summary>
public sealed class BalanceOnADateTests : IAsyncLifetime
{
    private readonly DataDirectory _data = new();
    private readonly SetClock _clock = new() { Now = Day("2024-01-01") };
    private InProcessServer _server = null!;

    private ApiClient Api => _server.Client;

    public async ValueTask InitializeAsync() => _server = await InProcessServer.StartAsync(
        _data.Path, services => services.AddSingleton<TimeProvider>(_clock));

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _data.Dispose();
    }

    // The example with which event-sourced accounts are usually explained.
    [Fact]
    public async Task A_balance_is_known_for_every_day_of_the_past()
    {
        await Open("ann");
        await Open("bob");
        await Post("ann/deposits", new { amount = 1000 });
        _clock.Now = Day("2024-01-05");
        var transfer = await Transfer("ann", "bob", 200);
        _clock.Now = Day("2024-01-31");
        await Post("ann/interest", new { amount = 10, reference = "January" });
        _clock.Now = Day("2024-02-01");
        var withdrawn = await Post("ann/withdrawals", new { amount = 300 });

        withdrawn.Long("balance").ShouldBe(510);
        (await Api.Balance("ann")).ShouldBe(510);
        (await Api.Balance("bob")).ShouldBe(200);
        (await BalanceOn("2024-01-01T09:00:00Z")).ShouldBe(1000);
        (await BalanceOn("2024-01-04T23:59:59Z")).ShouldBe(1000);
        (await BalanceOn("2024-01-30T23:59:59Z")).ShouldBe(800);
        (await BalanceOn("2024-01-31T23:59:59Z")).ShouldBe(810);
        (await BalanceOn("2024-02-01T23:59:59Z")).ShouldBe(510);
        (await Api.Get("/accounts/ann?asOf=2023-12-31T23:59:59Z"))
            .ShouldBeProblem(HttpStatusCode.NotFound, "account-not-found");

        transfer.Body.GetProperty("steps").EnumerateArray()
            .Select(step => (Text(step, "name"), Text(step, "target"), Text(step, "status")))
            .ShouldBe([("debit", "ann", "done"), ("credit", "bob", "done")]);
        (await Events("ann")).ShouldBe(
        [
            ("account.opened", "2024-01-01", null),
            ("account.money-deposited", "2024-01-01", null),
            ("account.money-withdrawn", "2024-01-05", "transfer-rent"),
            ("account.interest-credited", "2024-01-31", null),
            ("account.money-withdrawn", "2024-02-01", null),
        ]);
        (await Events("bob"))[1].ShouldBe(("account.money-deposited", "2024-01-05", "transfer-rent"));
    }

    [Fact]
    public async Task A_statement_of_a_month_leads_from_its_opening_to_its_closing_balance()
    {
        await Open("ann");
        await Open("bob");
        await Post("ann/deposits", new { amount = 1000 });
        _clock.Now = Day("2024-01-05");
        await Transfer("ann", "bob", 200);
        _clock.Now = Day("2024-01-31");
        await Post("ann/interest", new { amount = 10 });
        _clock.Now = Day("2024-02-01");
        var last = (await Post("ann/withdrawals", new { amount = 300 })).Header("Waybill-Position");

        const string January = "from=2024-01-01T00:00:00Z&to=2024-02-01T00:00:00Z";
        var january = await Api.Get($"/accounts/ann/statement?{January}&after={last}");
        var february = await Api.Get($"/accounts/ann/statement?from=2024-02-01T00:00:00Z&after={last}");

        (january.Long("opening"), january.Long("closing")).ShouldBe((0, 810));
        Lines(january).ShouldBe(
            [("opened", 0, 0), ("deposited", 1000, 1000), ("withdrawn", -200, 800), ("interest", 10, 810)]);
        (february.Long("opening"), february.Long("closing")).ShouldBe((810, 510));
        Lines(february).ShouldBe([("withdrawn", -300, 510)]);
    }

    [Fact]
    public async Task What_is_set_aside_is_not_available_and_stands_in_a_statement_only_once_it_is_taken()
    {
        await Open("ann");
        await Post("ann/deposits", new { amount = 1000 });
        var account = _server.Grains.GetGrain<IAccountGrain>("ann");
        await account.Hold(Command(), "order-1", 300, "order 1");
        await account.Hold(Command(), "order-2", 100, "order 2");
        var held = await Api.Get("/accounts/ann");
        (held.Long("balance"), held.Long("available")).ShouldBe((1000, 600));
        (await Api.Post("/accounts/ann/withdrawals", new { amount = 601 }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "insufficient-funds");

        await account.Release(Command(), "order-2");
        var captured = await account.Capture(Command(), "order-1", 250, "order 1");

        var taken = await Api.Get("/accounts/ann");
        (taken.Long("balance"), taken.Long("available")).ShouldBe((750, 750));
        (await Api.Get("/accounts/ann?version=4")).Long("available").ShouldBe(600);
        var listed = await Api.Get($"/accounts?owner=ann&after={captured.Position}");
        listed.Body.GetProperty("items")[0].GetProperty("available").GetInt64().ShouldBe(750);
        var statement = await Api.Get($"/accounts/ann/statement?after={captured.Position}");
        Lines(statement).ShouldBe([("opened", 0, 0), ("deposited", 1000, 1000), ("charged", -250, 750)]);
        statement.Long("closing").ShouldBe(750);
        var firstTwo = await Api.Get("/accounts/ann/statement?limit=2");
        var rest = await Api.Get($"/accounts/ann/statement?limit=2&cursor={firstTwo.String("next")}");
        Lines(rest).ShouldBe([("charged", -250, 750)]);
    }

    private static DateTimeOffset Day(string date) => DateTimeOffset.Parse($"{date}T09:00:00Z");

    private static CommandContext Command() => new(Guid.CreateVersion7(), "correlation", null, "ann");

    private async Task Open(string account) =>
        (await Api.Post("/accounts", new { accountId = account, owner = account, currency = "EUR" }))
            .ShouldBe(HttpStatusCode.Created);

    private async Task<Answer> Post(string path, object body) =>
        (await Api.Post($"/accounts/{path}", body)).ShouldBe(HttpStatusCode.OK);

    // It ends by itself; what hangs is ended by the limit of the run.
    private async Task<Answer> Transfer(string from, string to, long amount)
    {
        await Api.Post("/transfers", new { transferId = "rent", from, to, amount, currency = "EUR" });
        while (true)
        {
            var transfer = await Api.Get("/transfers/rent");
            if (transfer.ShouldBe(HttpStatusCode.OK).String("status") != "pending")
                return transfer;
        }
    }

    private async Task<long> BalanceOn(string time) =>
        (await Api.Get($"/accounts/ann?asOf={time}")).ShouldBe(HttpStatusCode.OK).Long("balance");

    private async Task<List<(string Type, string Day, string? Saga)>> Events(string account) =>
    [
        .. from item in (await Api.Get($"/accounts/{account}/events")).Body.GetProperty("items").EnumerateArray()
           let saga = item.GetProperty("metadata").TryGetProperty("sagaId", out var id) ? id.GetString() : null
           select (Text(item, "type"), Text(item, "time")[..10], saga),
    ];

    private static List<(string Type, long Amount, long Balance)> Lines(Answer statement) =>
    [
        .. from line in statement.Body.GetProperty("lines").EnumerateArray()
           select (
               Text(line, "type"), line.GetProperty("amount").GetInt64(), line.GetProperty("balance").GetInt64()),
    ];

    private static string Text(JsonElement item, string member) => item.GetProperty(member).GetString()!;
}
