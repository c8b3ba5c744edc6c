using System.Collections.Concurrent;
using System.Text.Json;
using Waybill.Demo.Day;
using Waybill.Demo.Http;

namespace Waybill.Demo.Books;

/// <summary>Whatever the run has set off has come to its end, and nothing of it waits for a person.</summary>
/// <remarks>What has ended once is not asked again.</remarks>
internal sealed class SagaBook(WaybillClient api, string run, Ledger ledger)
{
    private const int ReadersMax = 16;

    private static readonly string[] UnendedStatuses = ["running", "compensating", "stuck"];

    private readonly ConcurrentDictionary<string, bool> _ended = new();

    public async Task<IReadOnlyList<string>> CheckAsync()
    {
        var sagas = ledger.Orders.Distinct().Select(order => $"fulfilment-{order}")
            .Concat(ledger.Transfers.Select(transfer => $"transfer-{transfer}"))
            .Concat(ledger.Rides.Select(ride => $"dispatch-{ride}"));
        ConcurrentBag<string> open = [];
        await Parallel.ForEachAsync(
            sagas.Where(saga => !_ended.ContainsKey(saga)),
            new ParallelOptions { MaxDegreeOfParallelism = ReadersMax },
            async (saga, _) =>
            {
                var found = await api.Get($"/admin/sagas/{saga}");
                if (found.IsSuccess && found.Text("status") is "completed" or "compensated" or "failed")
                    _ended[saga] = true;
                else
                    open.Add($"saga {saga}: {Outcome.Of(found)} {found.TextOrNull("stuck")}");
            });
        return [.. open, .. await OpenReactions()];
    }

    // A reaction is named after an event, which says nothing to us; whom it turns to does.
    private async Task<IReadOnlyList<string>> OpenReactions()
    {
        List<string> open = [];
        foreach (var status in UnendedStatuses)
        {
            var listed = await Findings.ListAsync(
                api, $"/admin/sagas?type=reaction&status={status}&after={api.Position}&limit=500");
            foreach (var saga in listed.Select(reaction => reaction.GetProperty("sagaId").GetString()!))
            {
                var explained = await api.Get($"/admin/sagas/{saga}");
                if (explained.IsSuccess && explained.Body.GetProperty("steps").EnumerateArray().Any(IsOurs))
                    open.Add($"saga {saga} is {status}");
            }
        }
        return open;
    }

    private bool IsOurs(JsonElement step) =>
        step.GetProperty("target").GetString()!.Contains($"{run}-", StringComparison.Ordinal);
}
