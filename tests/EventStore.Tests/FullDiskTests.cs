using Waybill.EventStore;

namespace Waybill.Tests.EventStore;

public sealed class FullDiskTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("waybill-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task With_the_disk_full_a_store_is_unavailable_and_afterwards_recovers_without_loss_or_repeat()
    {
        var path = Path.Combine(_directory.FullName, "waybill.db");
        using var process = Victim.Start(FullDisk.Verb, path);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        process.ExitCode.ShouldBe(0, output);
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ShouldBe(["1 at 1", "unavailable", "unavailable", "3 at 3", "3 at 3"]);
        var store = Victim.Open(Victim.OnSqlite, path);
        using var close = (IDisposable)store;
        (await store.ReadStreamAsync(Make.Stream(), cancellation: TestContext.Current.CancellationToken)
            .Select(e => e.EventId).ToListAsync(TestContext.Current.CancellationToken))
            .ShouldBe([Make.Id(1), Make.Id(2), Make.Id(3)]);
    }
}
