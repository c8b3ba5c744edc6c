using System.Globalization;
using System.Runtime.InteropServices;
using Waybill.Bench;
using Waybill.Bench.Http;
using Waybill.Bench.Log;

// bench/run engine | log | http [scenario ...] [--seconds N] [--rounds N] [--events N]: each scenario runs `rounds`
// times for `seconds`, its baselines in turn with it, and the medians are printed. `events` is how far the log grows at
// most.
var seconds = Option("--seconds", 3);
var rounds = Option("--rounds", 5);
var harness = new Harness(TimeSpan.FromSeconds(seconds), rounds);

Console.WriteLine(
    $"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, .NET {Environment.Version}, " +
    $"Orleans: {typeof(Orleans.Grain).Assembly.GetName().Name}, {rounds} rounds of {seconds} s, medians, " +
    $"{DateTime.UtcNow:yyyy-MM-dd}");
if (args is ["log", ..])
    await LogBench.RunAsync(harness, Option("--events", 1_000_000), [.. args.Skip(1).TakeWhile(IsWord)]);
else if (args is ["http", ..])
    await HttpBench.RunAsync(harness, [.. args.Skip(1).TakeWhile(IsWord)]);
else
    await EngineBench.RunAsync(harness);

static bool IsWord(string argument) => !argument.StartsWith('-');

int Option(string name, int otherwise) =>
    Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length
        ? int.Parse(args[at + 1], CultureInfo.InvariantCulture)
        : otherwise;
