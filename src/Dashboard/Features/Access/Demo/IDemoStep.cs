using Ops.Data.Access;

namespace Ops.Dashboard.Features.Access.Demo;

/// <summary>Puts something into a demonstration, such as the sample model. Runs on every start with <c>--demo</c>, so it looks first whether it is there already.</summary>
internal interface IDemoStep
{
    /// <summary>Runs after the accounts exist and before the server listens.</summary>
    /// <param name="operatorAccount">The account in whose name things are made.</param>
    /// <param name="cancellation">The start is given up.</param>
    Task RunAsync(Person operatorAccount, CancellationToken cancellation);
}
