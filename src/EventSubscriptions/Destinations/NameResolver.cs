using System.Net;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Destinations;

/// <summary>
/// Resolves host names, once per connection. The system call blocks its thread for as long as unresponsive servers let it, so it has its
/// own threads, and no organization gets more than a few of them. Concurrent requests for a name share one look-up.
/// </summary>
internal class NameResolver(TimeProvider time) : IDisposable
{
    /// <summary>How many look-ups run at once.</summary>
    public const int MaxThreads = 16;

    /// <summary>How many look-ups of one organization run at once.</summary>
    public const int MaxPerOrganization = 4;

    /// <summary>How long a failed name is not looked up again.</summary>
    public static readonly TimeSpan FailureLifetime = TimeSpan.FromSeconds(30);

    private const int MaxFailures = 10_000;

    // A lock that threads can wait on for work.
    private readonly object _gate = new();
    private readonly Dictionary<string, LookUp> _lookUps = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, (Exception Exception, long At)> _failures = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<OrganizationId, Line> _lines = [];
    private readonly Queue<Line> _ready = new();
    private int _threads;
    private int _idle;
    private bool _disposed;

    /// <summary>
    /// The addresses of a host, which may itself be an address. Cancellation ends the wait; a running look-up keeps its thread.
    /// </summary>
    /// <exception cref="System.Net.Sockets.SocketException">The host has no address.</exception>
    public virtual async Task<IPAddress[]> ResolveAsync(OrganizationId organization, string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var address))
        {
            return [address];
        }

        var lookUp = Join(organization, host);
        try
        {
            return await lookUp.Addresses.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            Leave(lookUp);
        }
    }

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        lock (_gate)
        {
            _disposed = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Calls the system and blocks until it returns.</summary>
    protected virtual IPAddress[] Ask(string host) => Dns.GetHostAddresses(host);

    private LookUp Join(OrganizationId organization, string host)
    {
        lock (_gate)
        {
            if (_failures.TryGetValue(host, out var failure))
            {
                if (time.GetElapsedTime(failure.At) < FailureLifetime)
                {
                    return LookUp.Failed(host, failure.Exception);
                }

                _failures.Remove(host);
            }

            if (!_lookUps.TryGetValue(host, out var lookUp))
            {
                _lookUps.Add(host, lookUp = new LookUp(host));
            }

            lookUp.Waiting++;
            if (!lookUp.IsRunning && lookUp.Organizations.Add(organization))
            {
                // The first in turn looks it up for all who wait for it.
                if (!_lines.TryGetValue(organization, out var line))
                {
                    _lines.Add(organization, line = new Line(organization));
                }

                line.LookUps.Enqueue(lookUp);
                MakeReady(line);
            }

            return lookUp;
        }
    }

    private void Leave(LookUp lookUp)
    {
        lock (_gate)
        {
            if (--lookUp.Waiting == 0 && !lookUp.IsRunning && _lookUps.GetValueOrDefault(lookUp.Host) == lookUp)
            {
                _lookUps.Remove(lookUp.Host);
            }
        }
    }

    /// <summary>Gives an organization a turn if it has something to look up and is below its limit.</summary>
    private void MakeReady(Line line)
    {
        if (line.IsReady || line.LookUps.Count == 0 || line.Running == MaxPerOrganization)
        {
            return;
        }

        line.IsReady = true;
        _ready.Enqueue(line);
        if (_idle >= _ready.Count || _threads == MaxThreads)
        {
            Monitor.Pulse(_gate);
            return;
        }

        _threads++;
        new Thread(Work) { IsBackground = true, Name = "name look-up" }.Start();
    }

    private void Work()
    {
        while (Take() is var (line, lookUp))
        {
            try
            {
                var addresses = Ask(lookUp.Host);
                End(line, lookUp, failure: null);
                lookUp.Addresses.SetResult(addresses);
            }
            catch (Exception exception)
            {
                // Whatever it is, it belongs to those who asked.
                End(line, lookUp, exception);
                lookUp.Addresses.SetException(exception);
            }
        }
    }

    private (Line Line, LookUp LookUp)? Take()
    {
        lock (_gate)
        {
            while (!_disposed)
            {
                while (_ready.TryDequeue(out var line))
                {
                    line.IsReady = false;
                    if (Next(line) is { } lookUp)
                    {
                        lookUp.IsRunning = true;
                        line.Running++;
                        MakeReady(line);
                        return (line, lookUp);
                    }

                    Forget(line);
                }

                _idle++;
                Monitor.Wait(_gate);
                _idle--;
            }

            _threads--;
            return null;
        }
    }

    /// <summary>The next name that is waited for and not being looked up.</summary>
    private static LookUp? Next(Line line)
    {
        while (line.LookUps.TryDequeue(out var lookUp))
        {
            if (lookUp is { IsRunning: false, Waiting: > 0 })
            {
                return lookUp;
            }
        }

        return null;
    }

    private void End(Line line, LookUp lookUp, Exception? failure)
    {
        lock (_gate)
        {
            _lookUps.Remove(lookUp.Host);
            line.Running--;
            MakeReady(line);
            Forget(line);
            if (failure is not null)
            {
                if (_failures.Count >= MaxFailures)
                {
                    _failures.Clear();
                }

                _failures[lookUp.Host] = (failure, time.GetTimestamp());
            }
        }
    }

    private void Forget(Line line)
    {
        if (line is { Running: 0, IsReady: false })
        {
            _lines.Remove(line.Organization);
        }
    }

    /// <summary>The look-ups that an organization has requested.</summary>
    private sealed class Line(OrganizationId organization)
    {
        public OrganizationId Organization => organization;

        public Queue<LookUp> LookUps { get; } = new();

        public int Running { get; set; }

        public bool IsReady { get; set; }
    }

    private sealed class LookUp(string host)
    {
        public string Host => host;

        public HashSet<OrganizationId> Organizations { get; } = [];

        public TaskCompletionSource<IPAddress[]> Addresses { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Waiting { get; set; }

        public bool IsRunning { get; set; }

        public static LookUp Failed(string host, Exception exception)
        {
            var lookUp = new LookUp(host) { Waiting = 1, IsRunning = true };
            lookUp.Addresses.SetException(exception);
            return lookUp;
        }
    }
}
