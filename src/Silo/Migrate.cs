using Waybill.EventStore;

namespace Waybill.Silo;

/// <summary>The verb <c>migrate</c>: brings the tables forward to the schema that this version knows.</summary>
internal static class Migrate
{
    public const string Verb = "migrate";

    /// <returns>The process's exit code: 0, or 1 after one line that says why it cannot be done.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        try
        {
            var (options, _) = VerbArguments.Read(arguments);
            await using var services = new ServiceCollection()
                .AddLogging()
                .AddEventStore(options)
                .BuildServiceProvider();
            services.GetRequiredService<IEventStore>(); // A store migrates when it opens.
            Console.WriteLine("The event store has the newest schema.");
            return 0;
        }
        catch (Exception error) when (Start.Reason(error) is { } reason)
        {
            await Console.Error.WriteLineAsync($"Waybill cannot migrate: {reason}");
            return 1;
        }
    }
}
