"""What both ends of the link call the same things. A message is a JSON object; these are its keys.

========== ============================== ==================================================
from       keys                           meaning
========== ============================== ==================================================
controller hello                          the first message: a word that is this process's own
web        welcome, or refused            let in, or the reason why not
controller snapshot, or alive             the newest one, or a sign of life; one at a time
web        taken                          None, or what is wrong with the snapshot
web        command, call                  an order and the number of the question
controller answer, or error; call         an Answer, or why there is none, with that number
controller bye                            it stops, and is not lost
========== ============================== ==================================================
"""

HELLO = "hello"
WELCOME = "welcome"
REFUSED = "refused"
SNAPSHOT = "snapshot"
ALIVE = "alive"
TAKEN = "taken"
COMMAND = "command"
ANSWER = "answer"
ERROR = "error"
CALL = "call"
BYE = "bye"

MOST_FROM_CONTROLLER_BYTES = 128 * 1024
MOST_FROM_WEB_BYTES = 16 * 1024

ALIVE_EVERY_S = 5.0
SILENCE_S = 20.0
"""An end that hears nothing for so long takes the other one for gone."""
