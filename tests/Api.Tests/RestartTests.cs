using System.Net;

namespace Waybill.Tests;

public sealed class RestartTests
{
    [Fact]
    public async Task What_was_answered_survives_a_stop()
    {
        using var data = new DataDirectory();
        string id;
        await using (var server = await ServerProcess.StartAsync(data.Path))
        {
            id = await server.Client.OpenAccount(balance: 12_50);
            (await server.StopAsync()).ShouldBe(0);
        }

        await using var again = await ServerProcess.StartAsync(data.Path);

        (await again.Client.Balance(id)).ShouldBe(12_50);
        var next = await again.Client.Post($"/accounts/{id}/deposits", new { amount = 50 }, ifMatch: "\"2\"");
        next.ETag.ShouldBe("\"3\"");
    }

    [Fact]
    public async Task What_was_answered_survives_a_kill_under_load_and_nothing_is_counted_twice()
    {
        using var data = new DataDirectory();
        string id;
        long answered = 0;
        await using (var server = await ServerProcess.StartAsync(data.Path))
        {
            id = await server.Client.OpenAccount();
            var enough = new TaskCompletionSource();
            var callers = Enumerable.Range(0, 20).Select(_ => DepositUntilKilled(server.Client)).ToArray();
            await Task.WhenAny(enough.Task, Task.WhenAll(callers));
            enough.Task.IsCompleted.ShouldBeTrue("The callers gave up before the kill.");
            await server.KillAsync();
            await Task.WhenAll(callers);

            async Task DepositUntilKilled(ApiClient api)
            {
                while (await Deposited(api, id))
                {
                    if (Interlocked.Increment(ref answered) == 200)
                        enough.SetResult();
                }
            }
        }

        await using var again = await ServerProcess.StartAsync(data.Path);

        var account = await again.Client.Get($"/accounts/{id}");
        account.Long("balance").ShouldBe(account.Long("version") - 1);
        // Of each caller's last deposit nobody knows: it may have been recorded without its answer getting out.
        account.Long("balance").ShouldBeInRange(answered, answered + 20);
    }

    [Fact]
    public async Task A_silo_without_the_API_starts_and_stops()
    {
        using var data = new DataDirectory();
        await using var silo = await ServerProcess.StartSiloAsync(data.Path);

        (await silo.StopAsync()).ShouldBe(0);
    }

    private static async Task<bool> Deposited(ApiClient api, string id)
    {
        try
        {
            var answer = await api.Post($"/accounts/{id}/deposits", new { amount = 1 });
            return answer.Status == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
