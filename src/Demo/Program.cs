using System.Globalization;
using System.Security.Cryptography;
using Waybill.Demo;
using Waybill.Demo.Books;
using Waybill.Demo.Day;
using Waybill.Demo.Http;
using Waybill.Demo.Server;
using Waybill.Demo.Show;

// Whatever waits longer than this for an answer or an end is told of as not ended.
var patience = TimeSpan.FromSeconds(90);
try
{
    var options = DemoOptions.Parse(args);
    var keeper = new ServerKeeper(options.ServerSettings);
    if (options.IsToStop)
    {
        Console.WriteLine(await keeper.StopAsync());
        return 0;
    }
    Console.WriteLine(await keeper.EnsureAsync(options.IsStoreChosen));
    return await RunAsync(options.Url, options.Seed);
}
catch (Exception error) when (error is ServerException or UnexpectedReplyException)
{
    await Console.Error.WriteLineAsync(error.Message);
    return 1;
}

async Task<int> RunAsync(Uri url, int seed)
{
    // The run is new each time, the day is the seed's.
    var run = $"demo-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Run {run}, seed {seed}."));
    var since = DateTimeOffset.UtcNow.AddMinutes(-1);
    var random = new Random(seed);
    using var api = new WaybillClient(url, run, patience);
    var town = new Town(api, run);

    var opening = town.Opening(random).ToList();
    var plan = DayPlan.Of(town, random);
    const string Opening = "opening";
    var parts = plan.CountBy(visit => visit.Act).Select(act => (act.Key, act.Value)).Order();
    var ended = await Meters.ShowAsync([(Opening, opening.Count), .. parts], async done =>
    {
        await DayRun.DoAsync(opening, () => done(Opening));
        await town.Taxis.UntilOnline(town.Centre, town.Cabs.Count);
        return await DayRun.LiveAsync(plan, visit => done(visit.Act));
    });
    var offences = await new Audit(api, town, since).SettleAsync(patience);
    if (offences.Count == 0)
        await DayRun.DoAsync(town.Closing(), () => { });

    Summary.Print(ended);
    foreach (var offence in offences)
        Console.WriteLine($"off: {offence}");
    Console.WriteLine(offences.Count == 0 ? "books balance" : "books do not balance");
    var unexpected = ended.Count(end => !end.IsExpected);
    if (unexpected > 0)
        Console.WriteLine($"{unexpected} of {ended.Count} ended otherwise than they should.");
    return offences.Count == 0 && unexpected == 0 ? 0 : 1;
}
