using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;

namespace Waybill.Tests;

/// <summary>What becomes of commands under keys when the server is stopped, or dies.</summary>
public sealed class IdempotencyRestartTests : IDisposable
{
    private readonly DataDirectory _data = new();

    [Fact]
    public async Task What_was_answered_is_answered_again_after_a_kill()
    {
        var (first, refused) = await BeforeTheEnd();

        await using var again = await ServerProcess.StartAsync(_data.Path);

        var replay = await again.Client.PostOnce("made", "/accounts", new { owner = "ann", currency = "EUR" });
        (replay.IsReplayed, replay.Status, replay.Text).ShouldBe((true, HttpStatusCode.Created, first.Text));
        var path = $"/accounts/{first.String("accountId")}/withdrawals";
        (await again.Client.PostOnce("refused", path, new { amount = 1 })).Text.ShouldBe(refused.Text);
    }

    // As if it had died after the command and before its answer was kept.
    [Fact]
    public async Task What_was_carried_out_and_not_answered_is_found_and_answered()
    {
        var (first, _) = await BeforeTheEnd();
        await _data.Execute("UPDATE idempotency_keys SET answer = NULL, lease_end = 4102444800000000");

        await using var again = await ServerProcess.StartAsync(_data.Path);

        var found = await again.Client.PostOnce("made", "/accounts", new { owner = "ann", currency = "EUR" });
        found.ShouldBe(HttpStatusCode.Created).Text.ShouldBe(first.Text);
        (found.ETag, found.Header("Location"), found.Header("Waybill-Position"))
            .ShouldBe((first.ETag, first.Header("Location"), first.Header("Waybill-Position")));
        (await again.Client.Get($"/accounts?after={found.Header("Waybill-Position")}"))
            .Body.GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    // As if it had died before the command was decided.
    [Fact]
    public async Task What_was_begun_and_not_carried_out_is_carried_out()
    {
        var (first, _) = await BeforeTheEnd();
        await _data.Execute("UPDATE idempotency_keys SET answer = NULL, lease_end = 4102444800000000");
        var account = $"/accounts/{first.String("accountId")}";

        await using var again = await ServerProcess.StartAsync(_data.Path);

        await again.Client.Post($"{account}/deposits", new { amount = 3 });
        var done = await again.Client.PostOnce("refused", $"{account}/withdrawals", new { amount = 1 });
        done.ShouldBe(HttpStatusCode.OK).Long("balance").ShouldBe(2);
    }

    [Fact]
    public async Task Whatever_a_kill_breaks_off_takes_effect_once_when_it_is_sent_again()
    {
        const int Callers = 20, Each = 20;
        string id;
        var answered = new ConcurrentDictionary<string, string>();
        await using (var server = await ServerProcess.StartAsync(_data.Path))
        {
            id = await server.Client.OpenAccount();
            var enough = new TaskCompletionSource();
            var callers = Enumerable.Range(0, Callers).Select(Deposit).ToArray();
            await Task.WhenAny(enough.Task, Task.WhenAll(callers));
            await server.KillAsync();
            await Task.WhenAll(callers);
            answered.Count.ShouldBeInRange(Callers * Each / 4, Callers * Each - 1, "it was killed in the midst");

            async Task Deposit(int caller)
            {
                for (var n = 0; n < Each && await Deposited(server.Client, $"{caller}/{n}"); n++)
                    if (answered.Count >= Callers * Each / 4)
                        enough.TrySetResult();
            }
        }

        await using var again = await ServerProcess.StartAsync(_data.Path);

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async caller =>
        {
            for (var n = 0; n < Each; n++)
                (await Deposited(again.Client, $"{caller}/{n}")).ShouldBeTrue();
        }));
        (await again.Client.Balance(id)).ShouldBe(Callers * Each);
        (await again.Client.Get($"/accounts/{id}")).Long("version").ShouldBe(1 + Callers * Each);

        // Whoever has been answered is answered the same again.
        async Task<bool> Deposited(ApiClient api, string key)
        {
            try
            {
                var answer = await api.PostOnce(key, $"/accounts/{id}/deposits", new { amount = 1 });
                answer.ShouldBe(HttpStatusCode.OK);
                answered.GetOrAdd(key, answer.Text).ShouldBe(answer.Text);
                return true;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task A_key_is_kept_for_seven_days_and_not_for_ever()
    {
        var clock = new SetClock { Now = new(2026, 1, 1, 9, 0, 0, TimeSpan.Zero) };
        await using (var first = await StartAsync(clock))
        {
            await first.Client.Post("/accounts", new { accountId = "a", owner = "ann", currency = "EUR" });
            (await Deposit(first)).IsReplayed.ShouldBeFalse();
        }

        clock.Now += TimeSpan.FromDays(7);
        await using (var second = await StartAsync(clock))
            (await Deposit(second)).IsReplayed.ShouldBeTrue();

        clock.Now += TimeSpan.FromDays(2);
        await using var third = await StartAsync(clock);
        while ((await Deposit(third)).IsReplayed)
        {
            // It is deleted soon after the start.
        }
        (await third.Client.Balance("a")).ShouldBe(2);
    }

    public void Dispose() => _data.Dispose();

    private Task<InProcessServer> StartAsync(SetClock clock) =>
        InProcessServer.StartAsync(_data.Path, services => services.AddSingleton<TimeProvider>(clock));

    private static async Task<Answer> Deposit(InProcessServer server) =>
        (await server.Client.PostOnce("k", "/accounts/a/deposits", new { amount = 1 })).ShouldBe(HttpStatusCode.OK);

    private async Task<(Answer Made, Answer Refused)> BeforeTheEnd()
    {
        await using var server = await ServerProcess.StartAsync(_data.Path);
        var made = await server.Client.PostOnce("made", "/accounts", new { owner = "ann", currency = "EUR" });
        var path = $"/accounts/{made.ShouldBe(HttpStatusCode.Created).String("accountId")}/withdrawals";
        var refused = await server.Client.PostOnce("refused", path, new { amount = 1 });
        refused.ShouldBeProblem(HttpStatusCode.Conflict, "insufficient-funds");
        await server.KillAsync();
        return (made, refused);
    }
}
