namespace Ops.Runtime.Models;

/// <summary>Keeps a version from being disposed while a request uses it. Disposing it ends the use; once only.</summary>
/// <param name="Model">The version; null when there is none, and then nothing is kept.</param>
internal readonly record struct ModelLease(ServedModel? Model) : IDisposable
{
    public void Dispose() => Model?.Uses.Leave();
}
