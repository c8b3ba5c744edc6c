using System.Globalization;
using System.Runtime.InteropServices;
using Waybill.Bench;

// bench/run [engine] [--seconds N] [--rounds N]: each scenario runs `rounds` times for `seconds`, its baseline in turn
// with it, and the medians are printed.
var seconds = Option("--seconds", 3);
var rounds = Option("--rounds", 5);

Console.WriteLine(
    $"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, .NET {Environment.Version}, " +
    $"Orleans: {typeof(Orleans.Grain).Assembly.GetName().Name}, {rounds} rounds of {seconds} s, medians");
await EngineBench.RunAsync(new Harness(TimeSpan.FromSeconds(seconds), rounds));

int Option(string name, int otherwise) =>
    Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length
        ? int.Parse(args[at + 1], CultureInfo.InvariantCulture)
        : otherwise;
