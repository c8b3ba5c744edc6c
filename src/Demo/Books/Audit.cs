using System.Diagnostics;
using Waybill.Demo.Day;
using Waybill.Demo.Http;

namespace Waybill.Demo.Books;

/// <summary>Checks the books of a run through the API alone.</summary>
/// <param name="api">Reads them.</param>
/// <param name="town">Whose books they are.</param>
/// <param name="since">A time before the run began, by the server's clock.</param>
internal sealed class Audit(WaybillClient api, Town town, DateTimeOffset since)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly SagaBook _sagas = new(api, town.Run, town.Ledger);

    /// <summary>
    /// Waits until every saga of the run has ended, for it is then that books must balance, and looks at them. What is
    /// off after the limit stays so.
    /// </summary>
    /// <returns>What is off; nothing if the books balance.</returns>
    public async Task<IReadOnlyList<string>> SettleAsync(TimeSpan limit)
    {
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            var offences = await CheckAsync();
            if (offences.Count == 0 || Stopwatch.GetElapsedTime(begun) > limit)
                return offences;
            await Task.Delay(Pause);
        }
    }

    private async Task<IReadOnlyList<string>> CheckAsync()
    {
        var unended = await _sagas.CheckAsync();
        if (unended.Count > 0)
            return unended;
        var findings = await Findings.ReadAsync(api, town.Ledger);
        return
        [
            .. EndBook.Check(findings),
            .. await MoneyBook.CheckAsync(api, town.Run, since, town.Ledger, findings),
            .. StockBook.Check(town.Ledger, findings),
        ];
    }
}
