using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;

namespace Waybill.Tests;

/// <summary>The verb <c>verify</c> of the silo, as an operator runs it beside a server that is stopped.</summary>
public sealed partial class VerifyTests
{
    [Fact]
    public async Task A_log_that_was_written_by_a_server_is_intact_until_somebody_alters_it()
    {
        using var data = new DataDirectory();
        await using (var server = await ServerProcess.StartAsync(data.Path))
        {
            await server.Client.OpenAccount(balance: 1_00);
            (await server.StopAsync()).ShouldBe(0);
        }

        var (code, output) = await ServerProcess.VerifyAsync("--data", data.Path);
        code.ShouldBe(0, output);
        var anchor = Intact().Match(output).Groups[1].Value;
        anchor.ShouldStartWith("2:", customMessage: output);
        (await ServerProcess.VerifyAsync("--data", data.Path, $"--anchor={anchor}")).ExitCode.ShouldBe(0);

        Execute(data, "UPDATE events SET actor = 'eve' WHERE position = 1");
        (code, output) = await ServerProcess.VerifyAsync("--data", data.Path);
        code.ShouldBe(1);
        output.ShouldStartWith("broken at position 1: ");

        Execute(data, "DELETE FROM events");
        (await ServerProcess.VerifyAsync("--data", data.Path)).ShouldBe((0, "intact: the log is empty"));
        (await ServerProcess.VerifyAsync("--data", data.Path, "--anchor", anchor)).ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task While_a_server_has_the_file_it_is_refused()
    {
        using var data = new DataDirectory();
        await using var server = await ServerProcess.StartAsync(data.Path);

        await ShouldSay("is in use by another process", "--data", data.Path);
    }

    [Fact]
    public async Task Where_there_is_no_store_none_is_made()
    {
        using var data = new DataDirectory();

        await ShouldSay("there is no event store", "--data", data.Path);

        Directory.EnumerateFileSystemEntries(data.Path).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("--ancor", "1:00", "--ancor is unknown")]
    [InlineData("--data", null, "--data needs a value")]
    [InlineData("--anchor", "1", "position, a colon")]
    [InlineData("--anchor", "1:xyz", "position, a colon")]
    [InlineData("--postgres", "nonsense", "malformed")]
    public async Task What_is_misspelled_is_refused(string option, string? value, string reason) =>
        await ShouldSay(reason, value is null ? [option] : [option, value]);

    private static async Task ShouldSay(string reason, params string[] arguments)
    {
        var (code, output) = await ServerProcess.VerifyAsync(arguments);

        code.ShouldBe(2, output);
        output.ShouldStartWith("Waybill cannot verify: ");
        output.ShouldContain(reason);
        output.ShouldNotContain('\n');
    }

    private static void Execute(DataDirectory data, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={data.Path}/waybill.db;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    [GeneratedRegex(@"^intact: 2 events, anchor (2:[0-9a-f]{64}) \(\d+ events/s\)$")]
    private static partial Regex Intact();
}
