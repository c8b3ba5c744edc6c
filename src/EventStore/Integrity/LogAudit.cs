namespace Waybill.EventStore.Integrity;

/// <summary>Reads the log from its beginning to its end and checks it, whichever store it is in.</summary>
internal static class LogAudit
{
    /// <summary>How many rows a page has at most.</summary>
    public const int PageSize = 4_096;

    /// <summary>Reads a page while the one before it is checked.</summary>
    /// <param name="readPage">Fills a page with rows after a position; leaves it empty at the end of the log.</param>
    /// <param name="check">Checks the pages one after another.</param>
    /// <param name="progress">Told the position after each page.</param>
    public static async Task<Verification> RunAsync(
        Func<AuditPage, long, Task> readPage, ChainCheck check, IProgress<long>? progress)
    {
        var (page, next) = (new AuditPage(), new AuditPage());
        await readPage(page, long.MinValue); // Positions below 1 are never given, but could be forged.
        while (page.Rows.Count > 0)
        {
            var last = page.Rows[^1].Position;
            var reading = readPage(next, last);
            var broken = check.Check(page);
            await reading;
            if (broken is not null)
                return broken;
            progress?.Report(last);
            (page, next) = (next, page);
        }
        return check.End();
    }
}
