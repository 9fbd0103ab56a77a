using Microsoft.JSInterop;

namespace Ops.Dashboard.Components.Controls;

/// <summary>Lets a component's scripts in the browser go.</summary>
internal static class ScriptTeardown
{
    /// <summary>Makes the last calls. That the browser has gone, and all that was left in it, is no failure: neither is a server that stops meanwhile.</summary>
    public static async ValueTask RunAsync(Func<ValueTask> calls)
    {
        try
        {
            await calls();
        }
        catch (Exception left) when (left is JSDisconnectedException or OperationCanceledException)
        {
            // There is nobody to tell.
        }
    }
}
