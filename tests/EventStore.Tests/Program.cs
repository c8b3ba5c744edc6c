using Waybill.Tests.EventStore;
using Xunit.Runner.InProc.SystemConsole;

return args is [Victim.Verb, var path]
    ? await Victim.AppendUntilKilled(path)
    : await ConsoleRunner.Run(args);
