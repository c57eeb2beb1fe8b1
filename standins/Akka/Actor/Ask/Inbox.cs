using System.Threading.Channels;

namespace Akka.Actor;

/// <summary>An actor to be used from outside: sends, watches, and receives by waiting.</summary>
public sealed class Inbox : ICanWatch, IDisposable
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    private readonly ActorSystem _system;
    private readonly Channel<object> _messages = Channel.CreateUnbounded<object>();

    private Inbox(ActorSystem system)
    {
        _system = system;
        var writer = _messages.Writer;
        Receiver = ((ExtendedActorSystem)system).SystemActorOf(Props.Create(() => new InboxActor(writer)), null);
    }

    public IActorRef Receiver { get; }

    public static Inbox Create(ActorSystem system) => new(system);

    public void Send(IActorRef target, object message) => target.Tell(message, Receiver);

    /// <summary>The next message, waiting up to five seconds.</summary>
    public object Receive() => Receive(DefaultTimeout);

    /// <exception cref="TimeoutException">No message came in time.</exception>
    public object Receive(TimeSpan timeout) => Await(ReceiveAsync(timeout));

    public Task<object> ReceiveAsync() => ReceiveAsync(DefaultTimeout);

    public async Task<object> ReceiveAsync(TimeSpan timeout)
    {
        using var limit = new CancellationTokenSource(timeout);
        try
        {
            return await _messages.Reader.ReadAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return new Status.Failure(new TimeoutException($"Inbox {Receiver.Path} received no message within {timeout}."));
        }
    }

    public IActorRef Watch(IActorRef subject)
    {
        Receiver.Tell(new InboxActor.StartWatch(subject, null), ActorRefs.NoSender);
        return subject;
    }

    public IActorRef WatchWith(IActorRef subject, object message)
    {
        Receiver.Tell(new InboxActor.StartWatch(subject, message), ActorRefs.NoSender);
        return subject;
    }

    public IActorRef Unwatch(IActorRef subject)
    {
        Receiver.Tell(new InboxActor.StopWatch(subject), ActorRefs.NoSender);
        return subject;
    }

    public void Dispose() => _system.Stop(Receiver);

    private static object Await(Task<object> task)
    {
        var message = task.GetAwaiter().GetResult();
        if (message is Status.Failure { Cause: TimeoutException timeout }) throw timeout;
        return message;
    }

    private sealed class InboxActor : UntypedActor
    {
        private readonly ChannelWriter<object> _writer;

        public InboxActor(ChannelWriter<object> writer)
        {
            _writer = writer;
        }

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case StartWatch { Notice: null } watch: Context.Watch(watch.Target); break;
                case StartWatch watch: Context.WatchWith(watch.Target, watch.Notice); break;
                case StopWatch unwatch: Context.Unwatch(unwatch.Target); break;
                default: _writer.TryWrite(message); break;
            }
        }

        internal sealed record StartWatch(IActorRef Target, object Notice) : INoSerializationVerificationNeeded;

        internal sealed record StopWatch(IActorRef Target) : INoSerializationVerificationNeeded;
    }
}
