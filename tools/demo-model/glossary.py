"""What the words of the serving system mean, in one short right sentence each."""

from wording import question

TERMS = {
    "prefill": ["Prefill is the first phase: the model reads the whole prompt at once and fills the KV cache.",
                "Prefill processes all prompt tokens in parallel and writes their keys and values to the KV cache."],
    "decode": ["Decode is the second phase: the model makes one new token per step and reads the KV cache.",
               "In decode the model generates the answer token by token, using the KV cache."],
    "a KV cache|the KV cache|KV cache": ["A KV cache keeps the keys and values of past tokens, so that they are not computed again.",
                                         "The KV cache stores attention keys and values of earlier tokens."],
    "a KV page|a page": ["A KV page is a block of the KV cache that holds the keys and values of a few tokens."],
    "an actor|actors": ["An actor is an object with a mailbox that handles one message at a time.",
                        "An actor has private state and talks to others only by messages."],
    "a message": ["A message is a small immutable object that one actor sends to another."],
    "a mailbox": ["A mailbox is the queue in which the messages of an actor wait."],
    "a supervisor|supervision": ["A supervisor is an actor that watches its children and restarts them when they fail."],
    "a router|the router": ["A router is an actor that chooses a worker for each request.",
                            "The router sends each request to a prefill worker and a decode worker."],
    "a worker": ["A worker is an actor that runs the model: some workers do prefill and others do decode."],
    "a cluster": ["A cluster is a group of computers that work together as one system."],
    "a node": ["A node is one member of a cluster."],
    "a token|tokens": ["A token is a piece of text, such as a word or a part of a word.", "Tokens are the small pieces of text that a model reads and writes."],
    "a tokenizer": ["A tokenizer splits text into tokens and joins tokens into text."],
    "a language model|an LLM": ["A language model predicts the next token of a text.", "A language model is a program that predicts which word comes next."],
    "attention": ["Attention lets each token look at the tokens before it."],
    "a transformer": ["A transformer is a neural network built from attention and feed-forward layers."],
    "a GPU": ["A GPU is a chip that does many calculations at the same time."],
    "a batch|batching": ["A batch is a group of requests that the model computes together.", "Batching computes several requests in one step."],
    "continuous batching": ["Continuous batching lets requests join and leave the batch between two steps."],
    "a prompt": ["A prompt is the text that you give to a language model."],
    "temperature": ["Temperature controls how random the next token is: low is careful, high is wild."],
    "sampling": ["Sampling picks the next token at random by its probability."],
    "greedy decoding": ["Greedy decoding always takes the most likely token."],
    "quantization": ["Quantization stores the weights with fewer bits, so that the model needs less memory."],
    "a shard|sharding": ["A shard is one part of a whole that is split over several nodes."],
    "latency": ["Latency is the time from a request to its answer."], "throughput": ["Throughput is the number of tokens per second that a system makes."],
    "TTFT|time to first token": ["TTFT is the time to the first token of the answer."],
    "a prefix cache": ["A prefix cache keeps the KV pages of a common beginning, so that it is computed only once."],
    "ActorInference": ["ActorInference is a cluster of actors that serves language models with prefill and decode workers.",
                       "ActorInference serves language models: a router, prefill workers and decode workers, all of them actors."],
    "Akka.NET|Akka": ["Akka.NET is a toolkit for actors in C#."], "C#": ["C# is a programming language for .NET."],
    "a layer": ["A layer is one step of a neural network."], "a weight|the weights": ["Weights are the numbers that a model learned in training."],
    "backpressure": ["Backpressure means that a slow receiver tells the sender to wait."],
    "a deadline": ["A deadline is the time by which a request must be done."], "a stream|streaming": ["Streaming sends each token as soon as it is made."],
    "a context window|the context length": ["The context window is the number of tokens that a model can see at once."],
    "an embedding": ["An embedding is a list of numbers that stands for a token."], "a heartbeat": ["A heartbeat is a small message that says: I am alive."],
}
_PAIRS = [
    (["what is the difference between prefill and decode?", "what are prefill and decode?", "explain prefill and decode.", "prefill or decode?", "compare prefill and decode."],
     "Prefill reads the whole prompt at once; decode makes one token per step."),
    (["why do we need a KV cache?", "why is the KV cache useful?", "what is the KV cache good for?"],
     "Without the KV cache the model would compute all past tokens again at every step."),
    (["why split prefill and decode?", "why are prefill and decode separate?"],
     "Prefill needs much computing and decode needs much memory speed, so separate workers suit them better."),
    (["what happens when a worker fails?", "what happens when an actor crashes?"],
     "The supervisor restarts it, and the router sends its requests to another worker."),
    (["how do actors talk?", "how do actors communicate?"], "Actors talk only by messages."),
    (["how does a language model work?", "how do you work?"], "I read your text as tokens and predict the next token, again and again."),
    (["why use actors?", "why are actors useful?"], "Actors share no memory, so each can fail and restart alone."),
    (["what does the router do?", "what does a router do?"], "The router chooses a prefill worker and a decode worker for each request."),
    (["what does a prefill worker do?", "what does the prefill actor do?"], "A prefill worker reads the prompt and hands its KV pages to a decode worker."),
    (["what does a decode worker do?", "what does the decode actor do?"], "A decode worker takes the KV pages and generates the answer token by token."),
]


def term(rng):
    if rng.random() < 0.2:
        asked, answer = rng.choice(_PAIRS)
        return question(rng, rng.choice(asked)), answer
    names = rng.choice(list(TERMS))
    name = rng.choice(names.split("|"))
    asked = rng.choice(["what is {}?", "what is {}?", "what's {}?", "explain {}.", "define {}.", "what does {} mean?", "{}?", "please explain {}.", "tell me about {}."])
    return question(rng, asked.format(name), f"what {name} is"), rng.choice(TERMS[names])
