namespace Waybill.Bench.Http;

/// <summary>Deposits; and the accounts that all scenarios have.</summary>
internal static class Depositing
{
    internal const int Accounts = 1_000;

    private const int OpenedAtOnceMax = 64;

    internal static string Account(int number) => $"a{number}";

    internal static async Task<Func<int, Task>> PrepareAsync(BenchServer server, int callers)
    {
        await OpenAsync(server);
        var turns = new int[callers];
        return caller => server.PostAsync(
            $"/accounts/{Account((caller + (callers * turns[caller]++)) % Accounts)}/deposits", new { amount = 1 });
    }

    /// <summary>Opens the accounts, with enough on them for whatever is measured.</summary>
    internal static Task OpenAsync(BenchServer server) => Parallel.ForAsync(
        0, Accounts, new ParallelOptions { MaxDegreeOfParallelism = OpenedAtOnceMax }, async (number, _) =>
        {
            var account = Account(number);
            await server.PostAsync("/accounts", new { accountId = account, owner = "ann", currency = "EUR" });
            await server.PostAsync($"/accounts/{account}/deposits", new { amount = 1_000_000_000 });
        });
}
