using Waybill.Tests.EventStore;
using Xunit.Runner.InProc.SystemConsole;

return args switch
{
    [Victim.Verb, var path] => await Victim.AppendUntilKilled(path),
    [FullDisk.Verb, var path] => await FullDisk.Meet(path),
    _ => await ConsoleRunner.Run(args),
};
